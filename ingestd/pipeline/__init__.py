"""The pipeline: poll sources and turn their entries into records.

Read `ingest` first: it describes the path of one article.  Then, in this order:

- `poll`, `pagination`, `compare`, `poll_results`, `poll_schedule`: poll a source and schedule its next poll
- `engine`: claim what is due, and have `poll_worker` and `entry_worker` work on it; `local` is that of one process
- `entry_worker`, `dispatcher`, `read`, `site_context`, `revisit`: turn entries into records, and visit pages again
- `drop_folder`, `folder_state`, `folder_opener`, `inbox`, `websub`: receive documents that are not fetched
- `embargo_release`, `why`: release embargoed records, and explain the decisions about an article
- `retry`, `log_events`: retry commits, and log results; used by the modules above
- `runtime`, `database`: open and close the components of a process
- `listings`: list the entries of documents for backfills and repairs
"""
