using System.Diagnostics.CodeAnalysis;

namespace PasswordSync.Sealing.Envelopes;

/// <summary>How opening an envelope ended: a password with its authenticated description, or a refusal.</summary>
public sealed class EnvelopeOpening
{
    private EnvelopeOpening(OpenedPassword? password, EnvelopeDescription? description, EnvelopeRefusal? refusal)
    {
        Password = password;
        Description = description;
        Refusal = refusal;
    }

    [MemberNotNullWhen(true, nameof(Password), nameof(Description))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsOpened => Password is not null;

    /// <summary>The password; the caller owns and disposes it.</summary>
    public OpenedPassword? Password { get; }

    /// <summary>What the envelope says of its capture, authenticated.</summary>
    public EnvelopeDescription? Description { get; }

    /// <summary>Why it was not opened.</summary>
    public EnvelopeRefusal? Refusal { get; }

    public override string ToString() => IsOpened ? "opened" : $"refused: {Refusal}";

    internal static EnvelopeOpening Opened(OpenedPassword password, EnvelopeDescription description) => new(password, description, refusal: null);

    internal static EnvelopeOpening Refused(EnvelopeRefusal refusal) => new(password: null, description: null, refusal);
}
