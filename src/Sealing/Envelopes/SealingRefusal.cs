namespace PasswordSync.Sealing.Envelopes;

/// <summary>Why a password cannot be sealed.</summary>
public enum SealingRefusalReason
{
    /// <summary>Longer than 1,021 bytes.</summary>
    TooLong = 1,

    /// <summary>The bytes are not of the encoding.</summary>
    Malformed,
}

/// <summary>A refusal to seal, as a value.</summary>
/// <param name="Reason">The rule that was broken.</param>
/// <param name="Message">A sentence for people. Never holds the password.</param>
public sealed record SealingRefusal(SealingRefusalReason Reason, string Message);
