-- Posts and the votes on them, as Stack Exchange publishes them. Times have no zone in the source; they are UTC.
create schema posts;
comment on schema posts is 'Posts of a Stack Exchange site and the votes on them.';

create table posts.posts (
    post_id                   bigint primary key,
    post_type_id              smallint not null,
    parent_id                 bigint references posts.posts,
    accepted_answer_id        bigint,
    creation_date             timestamp not null,
    score                     integer,
    view_count                integer,
    title                     text,
    body                      text,
    tags                      text,
    owner_user_id             bigint,
    owner_display_name        text,
    last_editor_user_id       bigint,
    last_editor_display_name  text,
    last_edit_date            timestamp,
    last_activity_date        timestamp,
    community_owned_date      timestamp,
    closed_date               timestamp,
    answer_count              integer,
    comment_count             integer,
    favorite_count            integer,
    content_license           text
);
comment on table posts.posts is 'One row a question, answer or other post. Later records of an id replace earlier ones.';
comment on column posts.posts.post_type_id is '1 question, 2 answer, 4 and 5 descriptions of tags; the site has more.';
comment on column posts.posts.parent_id is 'The question that an answer belongs to.';
comment on column posts.posts.accepted_answer_id is 'The answer that the asker accepted; no foreign key, dumps leave deleted ones out.';
comment on column posts.posts.body is 'HTML.';
comment on column posts.posts.tags is 'As in the source: <one><another>.';

create table posts.votes (
    vote_id        bigint primary key,
    post_id        bigint not null references posts.posts,
    vote_type_id   smallint not null,
    creation_date  timestamp not null,
    user_id        bigint,
    bounty_amount  integer
);
comment on table posts.votes is 'One row a vote on a post. Later records of an id replace earlier ones.';
comment on column posts.votes.vote_type_id is '1 accepted, 2 up, 3 down, 5 favourite, 8 bounty; the site has more.';
comment on column posts.votes.creation_date is 'The day of the vote: the source leaves the time out.';
comment on column posts.votes.bounty_amount is 'Points of reputation, of bounties.';

create index posts_parent on posts.posts (parent_id);
create index posts_accepted_answer on posts.posts (accepted_answer_id);
create index votes_post on posts.votes (post_id);

grant usage on schema posts to etl_loader, etl_reader;
grant select, insert, update on all tables in schema posts to etl_loader;
grant select on all tables in schema posts to etl_reader;
