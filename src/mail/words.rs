//! The words of the mail that brings a link, in every language.

use crate::secret::Locale;

/// What the mail says. `{}` stands for the moment in UTC.
pub struct Words {
    /// The subject.
    pub subject: &'static str,
    /// What to do with the link that follows.
    pub asks: &'static str,
    /// How long it lasts.
    pub lasts: &'static str,
    /// Where a passphrase is needed.
    pub passphrase: &'static str,
    /// Where none is.
    pub no_passphrase: &'static str,
    /// Which way the language runs: `ltr` or `rtl`.
    pub direction: &'static str,
}

const fn words(
    subject: &'static str,
    asks: &'static str,
    lasts: &'static str,
    passphrase: &'static str,
    no_passphrase: &'static str,
) -> Words {
    Words { subject, asks, lasts, passphrase, no_passphrase, direction: "ltr" }
}

/// The words in this language.
#[expect(clippy::too_many_lines, reason = "one table")]
pub fn of(locale: Locale) -> Words {
    match locale {
        Locale::English => words(
            "Someone has shared a secret with you",
            "Someone has shared a secret with you. Open the link and press the button to read it:",
            "The link works once, until {}.",
            "You need a passphrase, which the sender gives you another way.",
            "You need no passphrase.",
        ),
        Locale::German => words(
            "Jemand hat ein Geheimnis mit Ihnen geteilt",
            "Jemand hat ein Geheimnis mit Ihnen geteilt. Öffnen Sie den Link und drücken Sie den Knopf, um es zu lesen:",
            "Der Link funktioniert einmal, bis {}.",
            "Sie brauchen eine Passphrase, die Ihnen der Absender auf anderem Weg mitteilt.",
            "Sie brauchen keine Passphrase.",
        ),
        Locale::French => words(
            "Quelqu’un a partagé un secret avec vous",
            "Quelqu’un a partagé un secret avec vous. Ouvrez le lien et appuyez sur le bouton pour le lire :",
            "Le lien fonctionne une seule fois, jusqu’au {}.",
            "Il vous faut une phrase secrète, que l’expéditeur vous communique par un autre moyen.",
            "Aucune phrase secrète n’est nécessaire.",
        ),
        Locale::Spanish => words(
            "Alguien ha compartido un secreto contigo",
            "Alguien ha compartido un secreto contigo. Abre el enlace y pulsa el botón para leerlo:",
            "El enlace funciona una sola vez, hasta el {}.",
            "Necesitas una frase de contraseña, que el remitente te dará por otro medio.",
            "No necesitas ninguna frase de contraseña.",
        ),
        Locale::Italian => words(
            "Qualcuno ha condiviso un segreto con te",
            "Qualcuno ha condiviso un segreto con te. Apri il link e premi il pulsante per leggerlo:",
            "Il link funziona una sola volta, fino al {}.",
            "Ti serve una passphrase, che il mittente ti darà per un’altra via.",
            "Non ti serve nessuna passphrase.",
        ),
        Locale::Portuguese => words(
            "Alguém compartilhou um segredo com você",
            "Alguém compartilhou um segredo com você. Abra o link e aperte o botão para ler:",
            "O link funciona uma única vez, até {}.",
            "Você precisa de uma frase secreta, que o remetente vai informar por outro meio.",
            "Você não precisa de frase secreta.",
        ),
        Locale::Dutch => words(
            "Iemand heeft een geheim met je gedeeld",
            "Iemand heeft een geheim met je gedeeld. Open de link en druk op de knop om het te lezen:",
            "De link werkt één keer, tot {}.",
            "Je hebt een wachtwoordzin nodig, die de afzender je op een andere manier geeft.",
            "Je hebt geen wachtwoordzin nodig.",
        ),
        Locale::Polish => words(
            "Ktoś udostępnił Ci sekret",
            "Ktoś udostępnił Ci sekret. Otwórz link i naciśnij przycisk, aby go odczytać:",
            "Link działa tylko raz, do {}.",
            "Potrzebujesz hasła, które nadawca przekaże Ci inną drogą.",
            "Hasło nie jest potrzebne.",
        ),
        Locale::Ukrainian => words(
            "Хтось поділився з вами секретом",
            "Хтось поділився з вами секретом. Відкрийте посилання й натисніть кнопку, щоб прочитати його:",
            "Посилання спрацює один раз, до {}.",
            "Вам потрібна парольна фраза, яку відправник передасть іншим шляхом.",
            "Парольна фраза не потрібна.",
        ),
        Locale::Russian => words(
            "С вами поделились секретом",
            "С вами поделились секретом. Откройте ссылку и нажмите кнопку, чтобы прочитать его:",
            "Ссылка сработает один раз, до {}.",
            "Вам понадобится парольная фраза, которую отправитель передаст другим способом.",
            "Парольная фраза не нужна.",
        ),
        Locale::Turkish => words(
            "Biri sizinle bir sır paylaştı",
            "Biri sizinle bir sır paylaştı. Okumak için bağlantıyı açın ve düğmeye basın:",
            "Bağlantı yalnızca bir kez çalışır; son zaman: {}.",
            "Gönderenin size başka bir yoldan ileteceği bir parolaya ihtiyacınız var.",
            "Parolaya ihtiyacınız yok.",
        ),
        Locale::Japanese => words(
            "シークレットが共有されました",
            "あなたにシークレットが共有されました。リンクを開き、ボタンを押すと読めます:",
            "リンクは一度だけ有効です。期限: {}。",
            "パスフレーズが必要です。送信者から別の方法で受け取ってください。",
            "パスフレーズは不要です。",
        ),
        Locale::Chinese => words(
            "有人与您分享了一条机密信息",
            "有人与您分享了一条机密信息。请打开链接并点击按钮查看:",
            "链接只能使用一次,有效期至 {}。",
            "您需要口令,发送者会通过其他方式告知您。",
            "无需口令。",
        ),
        Locale::Korean => words(
            "누군가 비밀을 공유했습니다",
            "누군가 비밀을 공유했습니다. 링크를 열고 버튼을 누르면 읽을 수 있습니다:",
            "링크는 {}까지 한 번만 사용할 수 있습니다.",
            "암호문이 필요합니다. 보낸 사람이 다른 방법으로 알려 드립니다.",
            "암호문은 필요하지 않습니다.",
        ),
        Locale::Arabic => Words {
            direction: "rtl",
            ..words(
                "شارك أحدهم سرًّا معك",
                "شارك أحدهم سرًّا معك. افتح الرابط واضغط الزر لقراءته:",
                "يعمل الرابط مرة واحدة فقط، حتى {}.",
                "تحتاج إلى عبارة مرور يعطيك إياها المرسل بطريقة أخرى.",
                "لا تحتاج إلى عبارة مرور.",
            )
        },
        Locale::Hindi => words(
            "किसी ने आपके साथ एक रहस्य साझा किया है",
            "किसी ने आपके साथ एक रहस्य साझा किया है। उसे पढ़ने के लिए लिंक खोलें और बटन दबाएँ:",
            "लिंक केवल एक बार काम करता है, {} तक।",
            "आपको एक पासफ़्रेज़ चाहिए, जो भेजने वाला आपको किसी और तरीके से बताएगा।",
            "पासफ़्रेज़ की ज़रूरत नहीं है।",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_language_says_everything_in_its_own_words() {
        let mut seen = BTreeSet::new();
        for (locale, tag) in Locale::ALL {
            let Words { subject, asks, lasts, passphrase, no_passphrase, direction } = of(locale);
            assert_eq!(lasts.matches("{}").count(), 1, "{tag}");
            assert_eq!(direction == "rtl", tag == "ar");
            for text in [subject, asks, lasts, passphrase, no_passphrase] {
                assert!(!text.is_empty() && !text.contains('\n'), "{tag}");
                assert!(seen.insert(text), "{tag} repeats {text}");
            }
        }
    }
}
