-- What writes is the loaders' to execute. Where their role is not there yet, `loader migrate` makes it and grants.
do $$
declare
    writing pg_catalog.regprocedure;
begin
    if pg_catalog.to_regrole('etl_loader') is null then
        return;
    end if;
    for writing in
        select function.oid
        from pg_catalog.pg_proc as function
        join pg_catalog.pg_depend as member on member.objid operator(pg_catalog.=) function.oid
        join pg_catalog.pg_extension as extension on extension.oid operator(pg_catalog.=) member.refobjid
        where member.refclassid operator(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
            and member.classid operator(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
            and member.deptype operator(pg_catalog.=) 'e'::pg_catalog."char"
            and extension.extname operator(pg_catalog.=) 'pg_etl'::pg_catalog.name
            and function.provolatile operator(pg_catalog.=) 'v'::pg_catalog."char"
    loop
        execute pg_catalog.format('grant execute on function %s to etl_loader', writing);
    end loop;
end
$$;
