-- What is the mean of votes_per_post_per_week over the weeks that had votes?
-- Each week counts the same, however many votes it had.
select
    count(*) as weeks,
    round(avg(weekly.mean), 9) as mean
from (
    select count(*)::numeric / count(distinct post_id) as mean
    from posts.votes
    group by date_trunc('week', creation_date)
) as weekly;
