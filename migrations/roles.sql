-- Run by `loader migrate` whenever there is something to do: it creates only what is missing, so it is safe to repeat.
-- Roles belong to the whole cluster, schema etl to this database; everything the sets create is owned by etl_owner.
do $$
declare
    role_name text;
    schema_owner text;
begin
    foreach role_name in array array['etl_owner', 'etl_loader', 'etl_reader'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
            begin
                execute pg_catalog.format('create role %I nologin', role_name);
            exception
                -- Another database's migration created it between the look and the create.
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;

    -- Since PostgreSQL 16 the creator of a role is a member that may not take it on.
    if not pg_catalog.pg_has_role(
        current_user,
        'etl_owner',
        case when pg_catalog.current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end
    ) then
        execute pg_catalog.format('grant etl_owner to %I', current_user);
    end if;

    if not pg_catalog.has_database_privilege('etl_owner', pg_catalog.current_database(), 'create') then
        execute pg_catalog.format('grant create on database %I to etl_owner', pg_catalog.current_database());
    end if;
    if not pg_catalog.has_database_privilege('etl_loader', pg_catalog.current_database(), 'temporary') then
        execute pg_catalog.format('grant temporary on database %I to etl_loader', pg_catalog.current_database());
    end if;

    select pg_catalog.pg_get_userbyid(nspowner)
    into schema_owner
    from pg_catalog.pg_namespace
    where nspname = 'etl';
    if schema_owner is null then
        create schema etl authorization etl_owner;
        comment on schema etl is 'Ledger and quarantine of every load, and the history of the migrations.';
        -- The histories of the migrations are made by whoever migrates; loaders and readers compare themselves with them.
        alter default privileges for role etl_owner in schema etl grant select on tables to etl_loader, etl_reader;
    elsif schema_owner <> 'etl_owner' then
        -- What stands in it would run with the rights of whoever loads.
        raise exception 'schema etl belongs to %, not to etl_owner', schema_owner
            using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;
