"""The pipeline: what happens to a source and to an article, using the network, the store and the workers.

Read `ingest` first: it describes the path of one article.  Then, in this order:

- `poll`, `pagination`, `compare`, `poll_results`, `poll_schedule`: poll a source and schedule its next poll
- `entry_worker`, `dispatcher`, `read`, `site_context`, `revisit`: turn entries into records, and visit pages again
- `drop_folder`, `folder_state`, `folder_opener`, `inbox`, `websub`: documents that arrive without a fetch
- `embargo_release`, `why`: release embargoed records, and explain decisions
- `retry`, `log_events`: what all of them share
- `runtime`, `database`: open and close everything; `listings`: documents that backfills and repairs read
"""
