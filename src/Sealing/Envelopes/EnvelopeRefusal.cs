namespace PasswordSync.Sealing.Envelopes;

/// <summary>Why an envelope is refused: the names of docs/spec/envelope.md, in its order of checks.</summary>
public enum EnvelopeRefusalReason
{
    /// <summary>Fewer bytes than the layout needs at that point.</summary>
    Truncated = 1,

    /// <summary>Not format 1.</summary>
    UnknownFormat,

    /// <summary>Not suite 1.</summary>
    UnknownSuite,

    /// <summary>The description breaks a rule of its fields.</summary>
    BadDescription,

    /// <summary>Bytes after the end.</summary>
    TrailingBytes,

    /// <summary>There is no private key of this id, or it was destroyed.</summary>
    UnknownKey,

    /// <summary>The encapsulated key is no point of P-256.</summary>
    BadPoint,

    /// <summary>Altered somewhere, or sealed to another key.</summary>
    NotAuthentic,

    /// <summary>Authentic, but what was sealed is no padded password.</summary>
    BadPlaintext,

    /// <summary>Authentic, but the envelope of another cluster, source, DC or capture than expected.</summary>
    WrongBinding,
}

/// <summary>A refusal of an envelope, as a value.</summary>
/// <param name="Reason">The rule that was broken first.</param>
/// <param name="Message">A sentence for people. Never holds a secret.</param>
public sealed record EnvelopeRefusal(EnvelopeRefusalReason Reason, string Message)
{
    /// <summary>The specification's name of the reason, such as <c>not-authentic</c>.</summary>
    public string Name => NameOf(Reason);

    /// <summary>The specification's name of a reason.</summary>
    public static string NameOf(EnvelopeRefusalReason reason) => reason switch
    {
        EnvelopeRefusalReason.Truncated => "truncated",
        EnvelopeRefusalReason.UnknownFormat => "unknown-format",
        EnvelopeRefusalReason.UnknownSuite => "unknown-suite",
        EnvelopeRefusalReason.BadDescription => "bad-description",
        EnvelopeRefusalReason.TrailingBytes => "trailing-bytes",
        EnvelopeRefusalReason.UnknownKey => "unknown-key",
        EnvelopeRefusalReason.BadPoint => "bad-point",
        EnvelopeRefusalReason.NotAuthentic => "not-authentic",
        EnvelopeRefusalReason.BadPlaintext => "bad-plaintext",
        EnvelopeRefusalReason.WrongBinding => "wrong-binding",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason to refuse an envelope."),
    };

    public override string ToString() => $"{Name}: {Message}";
}
