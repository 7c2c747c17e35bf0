"""Settings of consumers: those of a kind, and those that all kinds have which send messages."""

import pytest

from ingestd.delivery.consumer_settings import SendingSettings, check_settings, kind_settings, retry_schedule
from ingestd.delivery.engine.retries import SCHEDULE
from ingestd.delivery.kinds import KINDS, find_kind, webhook
from ingestd.delivery.kinds.kind import Kind
from ingestd.delivery.kinds.webhook.signature import make_secret
from ingestd.errors import UsageError

ALL = [kind for kind in map(find_kind, KINDS) if kind]
WEBHOOK = {"url": "https://desk.example/", "secret": make_secret()}


@pytest.mark.parametrize("retries", ["5s, 10m", "5,600", [5, 600], ["5s", "10m"]])
def test_the_schedule_of_a_consumer_may_differ(retries: object) -> None:
    values = {**WEBHOOK, "retries": retries}

    check_settings(webhook.KIND, values)
    assert retry_schedule(webhook.KIND, values) == (5.0, 600.0)
    assert kind_settings(webhook.KIND, values) == kind_settings(webhook.KIND, WEBHOOK)


def test_without_one_it_is_that_of_the_standard() -> None:
    assert retry_schedule(webhook.KIND, WEBHOOK) == SCHEDULE
    assert sum(SCHEDULE) < 76 * 3600
    assert len(SCHEDULE) + 1 == 10


@pytest.mark.parametrize("retries", ["0s", "31d", "soon", ["5s"] * 51, 7])
def test_a_schedule_has_bounds(retries: object) -> None:
    with pytest.raises(UsageError, match="retries"):
        check_settings(webhook.KIND, {**WEBHOOK, "retries": retries})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_no_kind_gives_another_meaning_to_a_setting_of_all(kind: Kind) -> None:
    assert not kind.settings.model_fields.keys() & SendingSettings.model_fields.keys()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_every_setting_of_a_kind_is_described(kind: Kind) -> None:
    fields = kind.settings.model_fields
    assert [name for name, field in fields.items() if not field.description] == []
    assert kind.secrets <= fields.keys()
