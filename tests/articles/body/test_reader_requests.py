import pytest

from ingestd.articles.body.reader_requests import asks_reader


@pytest.mark.parametrize(
    "line",
    [
        "For the latest stories from across the coast, sign up for our newsletters.",
        "Our website is the place for news; please bookmark our homepage and sign up for our newsletter.",
        "Check out more of our travel stories by signing up to our free weekly newsletter",
        "Our website is your destination for news, so make sure to bookmark our homepage.",
        "Then sign up for our email newsletter to get the latest updates.",
        "Folgt uns auf unserem neuen Instagram-Account",
        "Chat with us in Facebook Messenger. Find out what happens as it happens.",
        "For breaking news download the apps for iOS and Android from our app store page.",
        "Ihre Meinung ist uns wichtig. Senden Sie uns Ihr Feedback per E-Mail an: briefe@blatt.example",
        "Folgen Sie unserem Kanal auf WhatsApp, um nichts zu verpassen.",
        "Abonnez-vous à notre newsletter pour ne rien manquer.",
        "Téléchargez notre application et suivez-nous sur Instagram.",
        "Suscríbete a nuestro boletín y recibe las noticias cada mañana.",
        "Puede escribirnos a ciencia@diario.example o seguirnos en Facebook.",
        "Siga-nos no Telegram e no WhatsApp.",
        "Iscriviti alla nostra newsletter settimanale.",
        "Schrijf je in voor onze nieuwsbrief: de newsletter van de kust.",
        "Prenumerera på vårt nyhetsbrev.",
        "Подписывайтесь на наш канал в Telegram.",
        "Підписуйтесь на наш канал у Telegram.",
        "Haberler için bizi WhatsApp kanalımızdan takip edin.",
        "Ikuti kami di Google News dan WhatsApp.",
        "ニュースレターに登録してください。",
        "请关注我们的微信公众号",
        "뉴스레터를 구독하세요",
        "تابعونا على قناتنا في واتساب",
    ],
)
def test_requests_to_the_reader_are_found(line: str) -> None:
    assert asks_reader(line)


@pytest.mark.parametrize(
    "line",
    [
        "The company asked them to download its app and follow the instructions on Facebook.",
        "Twitter said on Monday that users could no longer follow more than 400 accounts a day.",
        '"Sign up for our newsletter," the mayor wrote to voters on Tuesday.',
        "Our children join TikTok at nine, and nobody in the ministry asks why the law has no teeth.",
        "In our age, people follow influencers on Instagram and forget to vote, the minister wrote.",
        "They follow our ships on Twitter, said the captain.",
        "Most of our members join through Facebook groups, she said.",
        "Our pupils download TikTok, install Telegram and subscribe to everything.",
        "We scroll, follow our friends on TikTok and sleep late.",
        "Join our ranks, the Telegram channel told young men.",
        "Follow the money on Facebook: our reporter did.",
        "Auf Instagram folgen sie unseren Politikern.",
        "Nuestra generación descarga todo de Telegram.",
        "La nostra generazione segui su Instagram ogni moda.",
        "Er forderte die Eltern auf, dem Kanal auf Telegram nicht zu folgen.",
        "Der Konzern lädt seine Kunden ein, die App zu installieren.",
        "Le groupe compte deux millions d’abonnés à sa newsletter.",
        "La empresa suscribió un acuerdo con Facebook sobre los datos de sus usuarios.",
        "Президент подписал закон о нашем канале, сообщил Telegram.",
        "このアプリをダウンロードした人は百万人に達した。",
        "该应用程序的微信公众号被关闭，用户无法下载。",
        "이 앱의 뉴스레터 구독 회원은 백만 명이다.",
        f"Sign up for our newsletter. {'It is a long story of boats that stay in port. ' * 9}",
    ],
)
def test_what_is_reported_about_media_is_no_request(line: str) -> None:
    assert not asks_reader(line)
