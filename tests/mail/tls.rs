//! Mail goes out protected where it must be: nothing of it, and no password, is said in plain text or
//! to whoever cannot prove to be the mail server.

use crate::kit::{FRIEND, Post};
use crate::support::server::policy;
use crate::support::smtp::{Manner, eventually};
use std::net::TcpListener;
use tellonce::mailer::{MailConfig, MailTls};
use zeroize::Zeroizing;

fn with_login(config: &mut MailConfig) {
    config.credentials = Some(("mailer".into(), Zeroizing::new("sesame".into())));
}

#[test]
fn mail_and_password_are_sent_under_tls_begun_on_the_way() {
    let post = Post::start_with(policy(), MailTls::StartTls, Manner::Accepts, with_login);
    let made = post.conceal_for(FRIEND);
    let mail = post.sink.mails(1).remove(0);
    assert!(mail.is_under_tls && mail.is_logged_in);
    assert_eq!(post.sink.plain_commands(), ["EHLO", "STARTTLS"]);
    post.settle();
    assert_eq!(post.told(&made).0, "shared");
}

#[test]
fn mail_and_password_are_sent_under_tls_from_the_first_byte() {
    let post = Post::start_with(policy(), MailTls::Implicit, Manner::Accepts, with_login);
    post.conceal_for(FRIEND);
    let mail = post.sink.mails(1).remove(0);
    assert!(mail.is_under_tls && mail.is_logged_in);
    assert_eq!(post.sink.plain_commands(), [""; 0]);
}

/// The mail is not sent, nothing of it is said outside TLS, and it is tried again.
#[track_caller]
fn is_kept(post: &Post) {
    let made = post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    let plain = post.sink.plain_commands();
    assert!(
        plain.iter().all(|command| ["EHLO", "STARTTLS", "QUIT"].contains(&command.as_str())),
        "{plain:?}"
    );
    assert_eq!(post.sink.mails(0).len(), 0);
    assert_eq!(post.told(&made).0, "new");
}

#[test]
fn a_server_that_hides_or_breaks_tls_gets_no_mail() {
    for manner in [Manner::HidesTls, Manner::BreaksTls] {
        let post = Post::start_with(policy(), MailTls::StartTls, manner, with_login);
        is_kept(&post);
        // It was an accident.
        post.sink.change(Manner::Accepts);
        post.server.advance(10);
        post.poke();
        assert!(post.sink.mails(1)[0].is_under_tls);
    }
}

#[test]
fn answers_put_in_before_tls_are_not_taken_for_answers_under_it() {
    is_kept(&Post::start_with(policy(), MailTls::StartTls, Manner::Injects, with_login));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    for tls in [MailTls::StartTls, MailTls::Implicit] {
        is_kept(&Post::start_with(policy(), tls, Manner::Accepts, |config| config.ca_file = None));
    }
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    for tls in [MailTls::StartTls, MailTls::Implicit] {
        is_kept(&Post::start_with(policy(), tls, Manner::Accepts, |config| config.host = "127.0.0.1".into()));
    }
}

#[test]
fn a_plain_server_where_tls_is_expected_gets_no_mail() {
    // Speaks SMTP at once, and so not TLS.
    let post = Post::start_with(policy(), MailTls::Off, Manner::Accepts, |config| {
        config.tls = MailTls::Implicit;
    });
    let made = post.conceal_for(FRIEND);
    assert_eq!(post.tried(1), 10);
    assert_eq!((post.sink.mails(0).len(), post.told(&made).0.as_str()), (0, "new"));
}

#[test]
fn the_password_is_not_sent_where_nobody_listens_and_the_mail_waits() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let post = Post::start_with(policy(), MailTls::StartTls, Manner::Accepts, |config| config.port = port);
    is_kept(&post);
    eventually("no connection", || post.sink.plain_commands().is_empty());
}

#[test]
fn a_wrong_password_is_the_operators_trouble_and_not_the_end_of_a_mail() {
    let manner = Manner::Answers("AUTH", "535 wrong password");
    let post = Post::start_with(policy(), MailTls::StartTls, manner, with_login);
    is_kept(&post);
    post.sink.change(Manner::Accepts);
    post.server.advance(10);
    post.poke();
    post.sink.mails(1);
}
