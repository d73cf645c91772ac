-- What the benchmark compares with: the same files into the same tables, written by hand for this one feed. COPY of the lines into temporary tables, each
-- record taken apart once by json_to_record, the last line of each key by `distinct on`, `insert ... on conflict ... do update ... where ... is distinct
-- from`. It takes its input for clean and whole: one bad record ends it, and so does one whose parent is missing.
-- psql -f posts.sql, in the folder of posts.json and votes.json
\set ON_ERROR_STOP on
begin;

create temporary table staged_posts (line bigint generated always as identity, record json not null) on commit drop;
-- Quote and delimiter that JSON cannot hold: every line arrives as it is.
\copy staged_posts (record) from 'posts.json' with (format csv, quote e'\x01', delimiter e'\x02')

create temporary table staged_votes (line bigint generated always as identity, record json not null) on commit drop;
\copy staged_votes (record) from 'votes.json' with (format csv, quote e'\x01', delimiter e'\x02')

insert into posts.posts as t (
    post_id, post_type_id, parent_id, accepted_answer_id, creation_date, score, view_count, title, body, tags, owner_user_id, owner_display_name,
    last_editor_user_id, last_editor_display_name, last_edit_date, last_activity_date, community_owned_date, closed_date, answer_count, comment_count,
    favorite_count, content_license
)
select distinct on (r."Id")
    r."Id", r."PostTypeId", r."ParentId", r."AcceptedAnswerId", r."CreationDate", r."Score", r."ViewCount", r."Title", r."Body", r."Tags", r."OwnerUserId",
    r."OwnerDisplayName", r."LastEditorUserId", r."LastEditorDisplayName", r."LastEditDate", r."LastActivityDate", r."CommunityOwnedDate", r."ClosedDate",
    r."AnswerCount", r."CommentCount", r."FavoriteCount",
    -- As the source spells it at times.
    coalesce(r."ContentLicense", r."ContentLIcense")
from staged_posts,
    json_to_record(record) as r(
        "Id" bigint, "PostTypeId" smallint, "ParentId" bigint, "AcceptedAnswerId" bigint, "CreationDate" timestamp, "Score" integer, "ViewCount" integer,
        "Title" text, "Body" text, "Tags" text, "OwnerUserId" bigint, "OwnerDisplayName" text, "LastEditorUserId" bigint, "LastEditorDisplayName" text,
        "LastEditDate" timestamp, "LastActivityDate" timestamp, "CommunityOwnedDate" timestamp, "ClosedDate" timestamp, "AnswerCount" integer,
        "CommentCount" integer, "FavoriteCount" integer, "ContentLicense" text, "ContentLIcense" text
    )
order by r."Id", line desc
on conflict (post_id) do update
set (post_type_id, parent_id, accepted_answer_id, creation_date, score, view_count, title, body, tags, owner_user_id, owner_display_name, last_editor_user_id,
     last_editor_display_name, last_edit_date, last_activity_date, community_owned_date, closed_date, answer_count, comment_count, favorite_count,
     content_license)
  = (excluded.post_type_id, excluded.parent_id, excluded.accepted_answer_id, excluded.creation_date, excluded.score, excluded.view_count, excluded.title,
     excluded.body, excluded.tags, excluded.owner_user_id, excluded.owner_display_name, excluded.last_editor_user_id, excluded.last_editor_display_name,
     excluded.last_edit_date, excluded.last_activity_date, excluded.community_owned_date, excluded.closed_date, excluded.answer_count,
     excluded.comment_count, excluded.favorite_count, excluded.content_license)
where t.* is distinct from excluded.*;

insert into posts.votes as t (vote_id, post_id, vote_type_id, creation_date, user_id, bounty_amount)
select distinct on (r."Id") r."Id", r."PostId", r."VoteTypeId", r."CreationDate", r."UserId", r."BountyAmount"
from staged_votes,
    json_to_record(record) as r(
        "Id" bigint, "PostId" bigint, "VoteTypeId" smallint, "CreationDate" timestamp, "UserId" bigint, "BountyAmount" integer
    )
order by r."Id", line desc
on conflict (vote_id) do update
set (post_id, vote_type_id, creation_date, user_id, bounty_amount)
  = (excluded.post_id, excluded.vote_type_id, excluded.creation_date, excluded.user_id, excluded.bounty_amount)
where t.* is distinct from excluded.*;

commit;
