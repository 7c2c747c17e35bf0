import pytest

from ingestd.model.kill_phrases import find_kill, find_replacement

#: Headlines and slug lines of kills, by language or agency.
KILLS = [
    "KILL", "BULLETIN KILL", "MANDATORY KILL", "KILL: Harbour bridge closes", "BULLETIN KILL Ice closes harbour",
    "BC-HN--Ice, KILL", "BC-EU--Harbour, Mandatory Kill", "Mandatory Kill: Harbour bridge", "STORY WITHDRAWN",
    "Story withdrawn", "STORY WITHDRAWN: Harbour bridge closes", "WITHDRAWN-Harbour bridge to close - minister",
    "Harbour bridge closes (STORY WITHDRAWN)", "Harbour bridge closes - WITHDRAWN", "WITHDRAWN: Bridge to close",
    "EDITORS: MANDATORY KILL", "URGENT KILL - Harbour", "Photo elimination", "KILL NOTICE", "RETRACTED: Bridge closes",
    "KILL: HARBOUR BRIDGE CLOSES", "WITHDRAWN", "ATTENTION EDITORS: STORY KILLED",
    "EILMELDUNG zurückgezogen", "Eilmeldung zurückgezogen: Brücke offen", "Meldung zurückgezogen",
    "ZURÜCKGEZOGEN: Brücke gesperrt", "Brücke gesperrt (ZURÜCKGEZOGEN)", "ANNULLIERT - Brücke gesperrt",
    "STORNO: Brücke gesperrt", "Eilmeldung wird zurückgezogen", "NICHT VERWENDEN: Brücke gesperrt",
    "MELDUNG ZURUECKGEZOGEN - Bruecke", "Achtung: Meldung annulliert",
    "ANNULATION - Le port ferme", "Dépêche annulée", "DÉPÊCHE RETIRÉE : Le port ferme", "Le port ferme (ANNULÉE)",
    "ATTENTION - ANNULATION : Le port ferme", "À ANNULER - Le port ferme", "URGENT ANNULÉ",
    "RETIRADA", "RETIRADA: Cierra el puerto", "NOTICIA RETIRADA", "Noticia retirada: cierra el puerto",
    "ANULADA - Cierra el puerto", "Cierra el puerto (RETIRADA)", "NO UTILIZAR - Cierra el puerto",
    "ANULAÇÃO: Porto fecha", "Notícia retirada", "Porto fecha (CANCELADA)",
    "ANNULLATA - Il porto chiude", "Dispaccio annullato", "Notizia annullata: il porto chiude", "NON UTILIZZARE: Porto",
    "INGETROKKEN: Haven dicht", "Bericht ingetrokken", "VERVALLEN - Haven dicht",
    "ÅTERKALLAS: Hamnen stängs", "TREKKES: Havnen stenger", "UDGÅR: Havnen lukker", "PERUTTU: Satama suljetaan",
    "WYCOFANA: Port zamknięty", "Depesza anulowana", "STAŽENO: Přístav zavřen", "VISSZAVONVA: Zárva a kikötő",
    "İPTAL: Liman kapandı", "Haber iptal edilmiştir", "АННУЛИРОВАНО: Порт закрыт", "Сообщение аннулировано",
    "GERİ ÇEKİLDİ: Liman kapandı", "UTGAR: Hamnen stängs", "UDGAR: Havnen lukker", "TRAKKES: Havnen lukker",
    "Meldung gelöscht: Brücke offen", "MELDUNG UNGUELTIG", "Bericht teruggetrokken", "Eil: Eilmeldung geloescht",
    "【撤稿】港口关闭", "稿件撤销：港口关闭", "【記事取り消し】港が閉鎖", "[전문취소] 항구 폐쇄",
    "<기사취소> 항구 폐쇄", "إلغاء خبر: إغلاق الميناء",
]  # fmt: skip

NOTES = [
    "KILL: the mayor denies it", "Editors: story kill, it is untrue", "This story has been withdrawn.",
    "Please disregard the story sent earlier.", "Eds: Please kill. A substitute follows.",
    "The AP has learned that it is untrue. MANDATORY KILL.",
    "Reuters withdraws this story; there will be no substitute",
    "The story headlined above is wrong. The story has been withdrawn", "Do not use this story.",
    "STORY WITHDRAWN", "Our earlier report was retracted because it named the wrong man.",
    "Die Meldung wird zurückgezogen.", "Bitte nicht verwenden!", "dpa zieht diese Meldung zurück.",
    "Diese Nachricht wurde annulliert.", "Bitte die Eilmeldung nicht mehr verwenden", "Meldung ist hinfällig",
    "Merci de ne pas utiliser cette dépêche", "Cette information est annulée.", "Cette dépêche a été retirée",
    "Prière de ne pas tenir compte de l'urgent", "La noticia ha sido retirada.", "Rogamos no utilizar esta nota",
    "Esta información queda anulada", "EFE retira esta noticia", "Favor desconsiderar esta nota",
    "La notizia è stata annullata", "Si prega di non utilizzare il lancio", "Dit bericht is ingetrokken",
    "Telegrammet dras tillbaka", "Meldingen trekkes", "Uutinen on peruttu", "Depesza została wycofana",
    "Editors: don't use this story.", "You should not publish this report.", "The desk must not run the above item",
    "Bitte nicht veröffentlichen.", "Bitte diese nicht nutzen", "Merci de ne plus publier", "Veuillez ignorer",
    "Por favor, no publicar", "Se ruega no difundir", "Favor não publicar", "Si prega di non pubblicare",
    "Si prega di ignorare", "Просим не использовать", "Por favor, não use", "Diese Nachricht wurde gelöscht.",
    "Просим аннулировать сообщение", "此稿已撤销", "기사를 취소합니다",
]  # fmt: skip

#: Ordinary headlines with the same words.
STORIES = [
    "Kill shelter faces closure", "Kill Bill returns to cinemas", "Killed in action: the names", "Killing of a mayor",
    "KILL BILL RETURNS TO CINEMAS", "KILLED: 12 PEOPLE IN BLAST", "Ten killed as ice breaks", "License to kill: Bond",
    "Mandatory kill order for infected deer", "Bulletin kills hopes of peace", "Kill switch law passes",
    "Withdrawal from the harbour", "Withdrawn: why the minister gave up", "Troops withdrawn from border",
    "WITHDRAWAL SYMPTOMS AND HOW TO COPE", "WITHDRAWN: TROOPS LEAVE THE BORDER", "Report withdrawn after outcry",
    "BBC story withdrawn after complaint", "Study retracted: what went wrong", "Retraction of claws in cats",
    "Cancelled: the festival that nobody missed", "Flight cancelled - passengers stranded", "Bill to void elections",
    "Truppen werden zurückgezogen", "Minister zieht Antrag zurück", "Bank storniert Buchungen", "Wahl annulliert",
    "Kandidat hat sich zurückgezogen: Die Gründe", "Meldung über zurückgezogene Truppen", "Rückzug: Was nun?",
    "Flug annulliert: Was Reisende wissen müssen", "Le mariage annulé du prince", "Annulation d'un vol : vos droits",
    "La justice annule et remplace le préfet ?", "Retrait des troupes : le point", "Le match annulé - les raisons",
    "Retirada israelí del Líbano", "Retirada: el adiós de un campeón", "La boda anulada - las razones",
    "RETIRADA DE TROPAS RUSAS", "Retirada de tropas em curso", "Partida cancelada: entenda", "Lancio annullato: SpaceX",
    "Lancio annullato", "Ritirata russa: il punto", "Trein vervallen: wat nu", "Wet ingetrokken", "Hamnen stängs",
    "Nyheten drog", "Mecz anulowany: co dalej", "Выборы аннулированы: что дальше", "Матч отменён", "Sefer iptal edildi",
    "撤军完成", "比赛取消", "法案撤回を発表", "콘서트 취소", "إلغاء الرحلات الجوية",
    "KILL-switch law passes", "Skill gap",
    "Kill them with kindness: a review", "Disregard for safety: report blames yard", "Deleted scenes: what we missed",
]  # fmt: skip

#: Notes about other things than the story's withdrawal.
OTHER_NOTES = [
    "Eds: KILL 3rd graf, which repeats the 2nd", "Eds: Please kill the last graf", "Replaces story withdrawn earlier",
    "Restores story killed in error", "Ten people were killed", "The minister has withdrawn his bill.",
    "The report was withdrawn by the ministry on Monday; adds reaction", "Photo NY101 was withdrawn by its agency?",
    "With photos.", "Corrects spelling", "Der Antrag wurde zurückgezogen", "Le contrat est annulé",
    "Kill Bill is a film",
    "El contrato queda anulado", "Adds that troops were withdrawn", "Bitte beachten Sie die Meldung bdt0123",
]  # fmt: skip


#: Notes with a full stop that is one of an abbreviation.
ABBREVIATED = [
    "S.v.p. dit bericht niet gebruiken.", "Fout in de kop. S.v.p. niet meer publiceren", "s.v.p. niet gebruiken",
    "dpa zieht diese Meldung von Prof. Weber zurück.", "dpa zieht die Meldung vom 3. Okt. d. J. zurück",
    "AFP zieht ihre Eilmeldung (vgl. Nr. 12) zurück", "epd zieht diese Meldung bzw. ihre Fassung zurück.",
    "KNA zieht diese Meldung aus St. Gallen zurück", "Просим считать сообщение от 5 окт. с.г. недействительным",
    "Просим считать сообщение о театре им. Пушкина недействительным",
    "Просим считать заметку о г. Туле аннулированной.", "The quote was made up in the U.S. KILL: it is untrue",
    "The man is no M.D. MANDATORY KILL.", "Meldung ist falsch, s. o. STORNO.", "Voir l'art. ANNULATION.",
]  # fmt: skip

#: Notes in which a mark in capitals follows an abbreviation, as a part of its sentence.
NOT_AFTER_ABBREVIATIONS = [
    "Adds that the U.S. KILL Act has passed", "Quotes Dr. KILL of the band again",
    "Adds Gov. WITHDRAWAL plan critics",
    "Mit Zitat von Prof. STORNO-Gegner Meier", "Ergänzt bzw. STORNO als Spitzname des Hundes",
    "Cita al Sr. RETIRADA Pérez",
    "Avec Mme. ANNULATION, le livre", "Voegt toe dat dhr. VERVALLEN het boek schreef",
    "Cita il dott. RITIRATO nel film",
    "Lägger till bl.a. INDRAGEN som titel", "Dodaje, że prof. WYCOFANA to tytuł", "О романе им. ОТОЗВАНО пишет автор",
]  # fmt: skip


@pytest.mark.parametrize("note", ABBREVIATED)
def test_an_abbreviation_in_a_note_ends_no_sentence(note: str) -> None:
    assert find_kill([], [note])


@pytest.mark.parametrize("note", NOT_AFTER_ABBREVIATIONS)
def test_a_mark_behind_an_abbreviation_is_a_part_of_its_sentence(note: str) -> None:
    assert find_kill([], [note]) is None


@pytest.mark.parametrize("headline", KILLS)
def test_a_headline_takes_its_story_back(headline: str) -> None:
    assert find_kill([headline])


@pytest.mark.parametrize("note", NOTES)
def test_a_note_takes_its_story_back(note: str) -> None:
    assert find_kill([], [note])


@pytest.mark.parametrize("headline", STORIES)
def test_a_story_with_such_words_takes_nothing_back(headline: str) -> None:
    assert find_kill([headline]) is None
    assert find_replacement([headline]) is None


@pytest.mark.parametrize("note", OTHER_NOTES)
def test_a_note_about_something_else_takes_nothing_back(note: str) -> None:
    assert find_kill([], [note]) is None


@pytest.mark.parametrize(
    ("headline", "note"),
    [
        ("ANNULE ET REMPLACE - Le port ferme", None),
        ("ANNULE ET REMPLACE", None),
        ("Le port ferme (ANNULE ET REMPLACE)", None),
        ("Annule et remplace : Le port ferme", None),
        ("ANNULE ET REMPLACE Le port ferme", None),
        ("Le port ferme", "Annule et remplace la précédente dépêche"),
        ("Le port ferme", "Cette version annule et remplace la précédente"),
        ("ANULA Y SUSTITUYE: Cierra el puerto", None),
        ("Cierra el puerto", "Anula y sustituye la anterior"),
        ("ANNULLA E SOSTITUISCE - Il porto chiude", None),
        ("Porto fecha", "Anula e substitui a anterior"),
        ("Brücke gesperrt", "Annulliert und ersetzt die Meldung bdt0123"),
        ("KILL AND REPLACE: Bridge closes", None),
        ("Bridge closes", "Kills and substitutes the earlier story"),
        ("Порт закрыт", "Аннулирует и заменяет предыдущее сообщение"),
    ],
)
def test_a_version_replaces_the_earlier_ones(headline: str, note: str | None) -> None:
    assert find_replacement([headline], [note])
