-- Run by the superuser at each start, before anybody else can connect. What only a superuser may do stands here, so that
-- nobody who comes over the network is one: roles, the database, the extension. Tables are `loader migrate`'s.
\set migrator_password `cat /run/pg_etl/migrator/password`
\set loader_password `cat /run/pg_etl/loader/password`
\set reader_password `cat /run/pg_etl/reader/password`

-- A statement that fails is logged, and these hold passwords.
set log_min_error_statement = panic;
set client_min_messages = warning;

select format('create role %I nologin', name)
from unnest(array['etl_owner', 'etl_loader', 'etl_reader']) as wanted (name)
where to_regrole(name) is null \gexec

select format('create role %I login in role %I', name, of)
from (values ('migrator', 'etl_owner'), ('loader', 'etl_loader'), ('reader', 'etl_reader')) as wanted (name, of)
where to_regrole(name) is null \gexec

alter role migrator password :'migrator_password';
alter role loader password :'loader_password';
alter role reader password :'reader_password';

select 'create database pg_etl'
where not exists (select from pg_database where datname = 'pg_etl') \gexec

revoke all on database pg_etl from public;
grant connect, create on database pg_etl to etl_owner;
grant connect, temporary on database pg_etl to etl_loader;
grant connect on database pg_etl to etl_reader;

\connect pg_etl
set client_min_messages = warning;
create extension if not exists pg_etl schema public;
alter extension pg_etl update;
