"""Headlines of ordinary feeds that take their story back, and those that only look so."""

import pytest

from ingestd.model.kill_phrases import find_kill_in_feed

KILLS = """KILL: Smith trial
KILL - Obama speech
(KILL) Smith verdict
Smith verdict (KILL)
Smith verdict - KILL
AP KILL: Smith verdict
URGENT: KILL: Smith verdict
KILL
BULLETIN KILL
MANDATORY KILL: Smith verdict
STORY WITHDRAWN
STORY WITHDRAWN: Smith verdict
Story withdrawn
Dispatch withdrawn
Eilmeldung zurückgezogen
Eilmeldung zurückgezogen: Kein Brand im Hafen
EILMELDUNG ZURÜCKGEZOGEN: Kein Brand im Hafen
dpa-Meldung zurückgezogen
Achtung: Meldung zurückgezogen
Meldung wird zurückgezogen
Dépêche annulée
Dépêche annulée: le ministre
Teletipo anulado: el ministro
Noticia anulada
Dispaccio annullato
Attenzione: notizia annullata
Bericht ingetrokken
Telegrammet trukket tilbage
Depesza anulowana
Сообщение аннулировано
記事の取り消し
إلغاء الخبر""".splitlines()

ORDINARY = """Police kill two
KILL BILL returns to cinemas
KILL: A BRUTAL THRILLER ON A TRAIN
Kill: the new song by SZA
Kill switch for AI? Not yet
KILLED: three soldiers in ambush
Licence to kill
How a retracted paper changed medicine
RETRACTION Watch: the year in review
Story withdrawn from shelves by author
Story killed: how the network buried it
Meldung zurückgezogen? So wehren Sie sich
STORNIERT: Wie Reisende ihr Geld zurückbekommen
ZURÜCKGEZOGEN: Apple nimmt Update zurück
WITHDRAWN: candidate quits race
WITHDRAWAL SYMPTOMS: what to know
Candidate WITHDRAWN
ANNULLED: election in Kenya
ANNULATION: le concert n'aura pas lieu
RETRAIT: les troupes quittent la ville
RETIRADO: el ministro deja la política
ANULADO el gol en el minuto 90
RITIRATO: il tennista lascia il torneo
CANCELADO: show de hoje
INGETROKKEN: vergunning van het bedrijf
VERVALLEN: treinen naar Utrecht
NO USAR: los productos retirados
NIET GEBRUIKEN: waarschuwing voor speelgoed
Nota anulada: el examen de física
Notizia cancellata: il giallo del giornale
ОТОЗВАНО: лицензия банка
İPTAL: Maç oynanmayacak
撤稿通知：Nature 论文
記事を削除 新聞社が謝罪
기사 삭제 요구
Mandatory kill switch law passes
Do not use this story as an excuse
Report withdrawn after criticism""".splitlines()


@pytest.mark.parametrize("headline", KILLS)
def test_a_headline_that_takes_its_story_back_is_recognised(headline: str) -> None:
    assert find_kill_in_feed(headline)


@pytest.mark.parametrize("headline", ORDINARY)
def test_an_ordinary_headline_takes_nothing_back(headline: str) -> None:
    assert find_kill_in_feed(headline) is None
