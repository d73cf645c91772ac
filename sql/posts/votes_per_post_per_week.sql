-- How many votes did a post that was voted on get, week by week?
-- Weeks are ISO weeks, named by their Monday; a week without votes has no row, a post without votes that week does not count.
select
    date_trunc('week', creation_date)::date as week,
    count(*) as votes,
    count(distinct post_id) as posts,
    round(count(*)::numeric / count(distinct post_id), 9) as mean_votes_per_post
from posts.votes
group by week
order by week;
