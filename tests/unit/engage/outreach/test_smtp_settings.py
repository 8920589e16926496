"""The password comes from the environment and is never printed."""

from liuke.engage.outreach import SmtpSettings


def test_the_password_is_read_from_the_environment_and_masked(monkeypatch):
    monkeypatch.setenv("LIUKE_SMTP_PASSWORD", "secret words")
    settings = SmtpSettings()
    assert settings.password.get_secret_value() == "secret words"
    assert "secret words" not in repr(settings) + str(settings.model_dump(mode="json"))
