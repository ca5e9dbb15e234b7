using System.Diagnostics.CodeAnalysis;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>How an operation on a key ring ended: a new version of the ring, or a refusal.</summary>
public sealed class KeyRingChange
{
    private KeyRingChange(KeyRing? ring, KeyId? key, KeyRingRefusal? refusal)
    {
        Ring = ring;
        Key = key;
        Refusal = refusal;
    }

    [MemberNotNullWhen(true, nameof(Ring))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsDone => Ring is not null;

    /// <summary>The new version.</summary>
    public KeyRing? Ring { get; }

    /// <summary>The key that the operation was about or made; null where it was about the whole ring.</summary>
    public KeyId? Key { get; }

    /// <summary>Why nothing was changed.</summary>
    public KeyRingRefusal? Refusal { get; }

    public override string ToString() => IsDone ? "done" : $"refused: {Refusal}";

    internal static KeyRingChange Done(KeyRing ring, KeyId? key) => new(ring, key, refusal: null);

    internal static KeyRingChange Refused(KeyRingRefusalReason reason, string message) => new(ring: null, key: null, new(reason, message));

    internal static KeyRingChange Refused(KeyRingRefusal refusal) => new(ring: null, key: null, refusal);
}
