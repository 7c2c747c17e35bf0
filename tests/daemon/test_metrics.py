import re
from collections.abc import Iterator
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingestd.daemon import chores
from ingestd.daemon.health import Health
from ingestd.daemon.metrics import Metrics
from ingestd.daemon.service import Service
from ingestd.daemon.service_state import MAX_FAILURES
from ingestd.errors import IngestError, UnexpectedError
from ingestd.store.operations.failures import FailureStage, failure_of, stage_of
from tests.daemon.services import Hung, add_source, hang
from tests.support.outcomes import NOON

#: Name and labels of a sample, such as 'ingestd_polls_total{outcome="new"}'.
Samples = dict[str, float]


@pytest.fixture
def health(service: Service) -> Health:
    return Health(service)


async def scrape(metrics: Metrics) -> Samples:
    body, _ = await metrics.render("")
    return {
        sample.name + "".join(f'{{{key}="{value}"}}' for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


async def test_every_outcome_has_a_count_and_zero_without_events(service: Service, health: Health) -> None:
    service.service_state.polls_done["not_modified"] = 3
    service.service_state.entries_done["saved"] = 2
    service.service_state.revisits_done["gone"] = 4
    service.service_state.failures["fetch", "TimedOut"] = 1
    service.service_state.bytes_fetched = 4096

    found = await scrape(Metrics(health))

    assert found['ingestd_polls_total{outcome="not_modified"}'] == 3
    assert found['ingestd_polls_total{outcome="new"}'] == 0
    assert found['ingestd_entries_total{outcome="saved"}'] == 2
    assert found['ingestd_revisits_total{outcome="gone"}'] == 4
    assert found['ingestd_revisits_total{outcome="changed"}'] == 0
    assert found['ingestd_failures_total{error="TimedOut"}{stage="fetch"}'] == 1
    assert found["ingestd_fetched_bytes_total"] == 4096
    assert found["ingestd_extractor_deaths_total"] == 0


async def test_the_database_is_measured(service: Service, health: Health) -> None:
    await add_source(service, "https://wire.example/feed")
    await add_source(service, "https://paper.example/feed", state="paused")

    found = await scrape(Metrics(health))

    assert found["ingestd_database_up"] == 1
    assert (found['ingestd_sources{state="active"}'], found['ingestd_sources{state="paused"}']) == (1, 1)
    assert (found["ingestd_queue_entries"], found["ingestd_queue_age_seconds"]) == (0, 0)


async def test_no_metric_has_more_series_for_more_data(service: Service, health: Health) -> None:
    """A series for each source, site, address or failure would grow for ever, in Prometheus and in this process."""
    metrics = Metrics(health)
    await add_source(service, "https://paper0.example/feed")
    await add_source(service, "https://old0.example/feed", state="paused")
    await chores.measure_usage(service)
    before = set(await scrape(metrics))

    for number in range(1, 100):
        await add_source(service, f"https://paper{number}.example/feed")
        await add_source(service, f"https://old{number}.example/feed", state="paused")
        await add_documents(service, f"https://paper{number}.example/{number}")
    service.usage._due_at = 0.0
    await chores.measure_usage(service)
    health.figures.last = None

    found = await scrape(metrics)
    assert found['ingestd_sources{state="active"}'] == 100
    assert found['ingestd_archive_documents{kind="page"}'] == 99
    # Counted from the first event on, in a fixed set of tables, states and kinds.
    assert {name for name in set(found) - before if "{kind=" not in name} == set()
    assert len(found) < 250


async def test_failures_have_a_series_for_each_class_of_error_at_most(service: Service, health: Health) -> None:
    stages, errors = get_args(FailureStage), [*classes_below(IngestError)]
    for number in range(2000):
        invented = type(f"Invented{number}", (Exception,), {})()
        error = UnexpectedError(f"{type(invented).__name__} at https://paper.example/{number}")
        found = failure_of(error, stage=stage_of(error), at=NOON, attempt=1, url=None, source_id=1)
        service.service_state.count_failure(found.stage, found.error)
    for stage in stages:
        for kind in errors:
            service.service_state.count_failure(stage, kind.__name__)

    series = [name for name in await scrape(Metrics(health)) if name.startswith("ingestd_failures_total")]
    assert len(series) == len(stages) * len(errors) < 400

    for number in range(10_000):
        service.service_state.count_failure("bug", f"Invented{number}")

    samples = await scrape(Metrics(health))
    series = [name for name in samples if name.startswith("ingestd_failures_total")]
    assert len(series) <= MAX_FAILURES + 1
    assert sum(samples[name] for name in series) == 2000 + len(stages) * len(errors) + 10_000


def classes_below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for one in kind.__subclasses__():
        yield one
        yield from classes_below(one)


async def add_documents(service: Service, body: str) -> None:
    await service.runtime.archive.put(body.encode(), "page")


async def test_several_scrapes_share_one_query(service: Service, health: Health) -> None:
    metrics = Metrics(health)

    await metrics.render("")
    answer = health.figures.last
    await metrics.render("")

    assert answer is not None
    assert health.figures.last is answer


async def test_without_the_database_the_other_metrics_remain(service: Service, health: Health, hung: Hung) -> None:
    hang(service, hung)

    found = await scrape(Metrics(health))

    assert found["ingestd_database_up"] == 0
    assert "ingestd_queue_entries" not in found
    assert found['ingestd_polls_total{outcome="new"}'] == 0
    assert found["process_resident_memory_bytes"] > 0
    await health.close()


async def test_names_follow_the_conventions_and_each_has_a_help(health: Health) -> None:
    body, media_type = await Metrics(health).render("")

    assert media_type == "text/plain; version=0.0.4; charset=utf-8"
    families = list(text_string_to_metric_families(body.decode()))
    assert all(family.documentation for family in families)
    assert all(re.fullmatch(r"(ingestd|process)_[a-z_]+[a-z]", family.name) for family in families)


async def test_openmetrics_is_sent_on_request(health: Health) -> None:
    body, media_type = await Metrics(health).render("application/openmetrics-text; version=1.0.0")

    assert media_type.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")


async def test_sizes_of_tables_and_archive_are_those_of_the_last_measurement(service: Service, health: Health) -> None:
    await add_source(service, "https://paper.example/feed")
    await service.runtime.archive.put(b"<html>", "page")
    assert not [name for name in await scrape(Metrics(health)) if name.startswith(("ingestd_table", "ingestd_archive"))]

    await chores.measure_usage(service)
    await add_source(service, "https://wire.example/feed")
    await chores.measure_usage(service)  # not due

    found = await scrape(Metrics(health))
    assert found['ingestd_table_rows{table="sources"}'] == 1
    assert found['ingestd_table_bytes{table="sources"}'] > 0
    assert found['ingestd_table_growth_bytes{table="polls"}'] == 0
    assert found['ingestd_archive_documents{kind="page"}'] == 1
    assert found['ingestd_archive_growth_bytes{kind="page"}'] == found['ingestd_archive_bytes{kind="page"}'] > 0
