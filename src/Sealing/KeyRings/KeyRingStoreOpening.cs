using System.Diagnostics.CodeAnalysis;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>How opening or creating a store ended: the store, or a refusal.</summary>
public sealed class KeyRingStoreOpening
{
    private KeyRingStoreOpening(KeyRingStore? store, KeyRingRefusal? refusal)
    {
        Store = store;
        Refusal = refusal;
    }

    [MemberNotNullWhen(true, nameof(Store))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsOpened => Store is not null;

    /// <summary>The store; the caller owns it.</summary>
    public KeyRingStore? Store { get; }

    /// <summary>Why there is none.</summary>
    public KeyRingRefusal? Refusal { get; }

    public override string ToString() => IsOpened ? "opened" : $"refused: {Refusal}";

    internal static KeyRingStoreOpening Opened(KeyRingStore store) => new(store, refusal: null);

    internal static KeyRingStoreOpening Refused(KeyRingRefusal refusal) => new(store: null, refusal);
}
