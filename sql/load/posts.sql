-- Posts: what a run has staged, into posts.posts and posts.votes. A field's name is matched whatever its case, so the
-- source's ContentLIcense is read too. Votes wait for their post, answers for their question.
create function @extschema@.etl_load_posts(run_id bigint)
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
begin
    return query select * from @extschema@.etl_load(run_id, '{posts}'::text[], 'posts.posts'::text, '{
        "post_id": "Id", "post_type_id": "PostTypeId", "parent_id": "ParentId", "accepted_answer_id": "AcceptedAnswerId",
        "creation_date": "CreationDate", "score": "Score", "view_count": "ViewCount", "title": "Title", "body": "Body",
        "tags": "Tags", "owner_user_id": "OwnerUserId", "owner_display_name": "OwnerDisplayName",
        "last_editor_user_id": "LastEditorUserId", "last_editor_display_name": "LastEditorDisplayName",
        "last_edit_date": "LastEditDate", "last_activity_date": "LastActivityDate", "closed_date": "ClosedDate",
        "community_owned_date": "CommunityOwnedDate", "answer_count": "AnswerCount", "comment_count": "CommentCount",
        "favorite_count": "FavoriteCount", "content_license": "ContentLicense"
    }'::jsonb, null::name);
    return query select * from @extschema@.etl_load(run_id, '{votes}'::text[], 'posts.votes'::text, '{
        "vote_id": "Id", "post_id": "PostId", "vote_type_id": "VoteTypeId", "creation_date": "CreationDate",
        "user_id": "UserId", "bounty_amount": "BountyAmount"
    }'::jsonb, null::name);
end
$function$;

create function @extschema@.etl_load_posts(posts text default null, votes text default null)
returns setof @extschema@.etl_counts
language sql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
    select * from @extschema@.etl_load_documents('posts'::text, '{posts,votes}'::text[], array[posts, votes])
$function$;

revoke execute on function @extschema@.etl_load_posts(bigint), @extschema@.etl_load_posts(text, text) from public;
comment on function @extschema@.etl_load_posts(bigint) is 'Loads what run run_id has staged into schema posts. The loader calls it.';
comment on function @extschema@.etl_load_posts(text, text) is 'Loads posts and votes given as JSON text; one row a table, with its counts.';
