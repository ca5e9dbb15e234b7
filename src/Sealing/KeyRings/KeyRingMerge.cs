using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace PasswordSync.Sealing.KeyRings;

/// <summary>
/// Brings the rings of two nodes together. Whatever the order and however often: a key that either knows is known, a key that either destroyed is destroyed,
/// and the earlier of two times counts. So no two changes of one ring exclude each other, and rings that were merged both ways are the same.
/// </summary>
internal static class KeyRingMerge
{
    /// <summary>Whether a ring would become another by taking what the other one knows.</summary>
    public static bool Learns(KeyRing own, KeyRing other) => Fingerprint(Union(own, other)) != Fingerprint(own);

    /// <summary>The union, unless it has more keys than a ring may.</summary>
    public static KeyRingChange Change(KeyRing own, KeyRing other)
    {
        var union = Union(own, other);
        return union.Keys.Length <= KeyRing.KeysMax
            ? KeyRingChange.Done(union, key: null)
            : KeyRingChange.Refused(KeyRingRefusalReason.TooManyKeys, $"Together with the other node's the key ring would hold {union.Keys.Length} keys; {KeyRing.KeysMax} are the most.");
    }

    /// <summary>The own ring with what the other one knows; of keys that both hold it has the own objects.</summary>
    public static KeyRing Union(KeyRing own, KeyRing other)
    {
        var destroyed = own.DestroyedKeys.Concat(other.DestroyedKeys)
            .GroupBy(key => key.Id)
            .Select(same => same.MinBy(key => key.DestroyedAt)!)
            .OrderBy(key => key.DestroyedAt).ThenBy(key => key.Id.ToString(), StringComparer.Ordinal)
            .TakeLast(KeyRing.DestroyedKeysMax)
            .ToImmutableArray();
        var gone = destroyed.Select(key => key.Id).ToHashSet();
        var keys = own.Keys.Concat(other.Keys)
            .Where(key => !gone.Contains(key.Id))
            .GroupBy(key => key.Id)
            .Select(same => same.First().With(same.Min(key => key.PublishedFrom), same.Min(key => key.RetiresAt)))
            .OrderBy(key => key.CreatedAt).ThenBy(key => key.Id.ToString(), StringComparer.Ordinal)
            .ToImmutableArray();
        return new KeyRing(own.Cluster, own.Revision, keys, destroyed);
    }

    /// <summary>What a ring knows, without its revision and its secrets: two nodes with the same text need tell each other nothing.</summary>
    public static string Fingerprint(KeyRing ring)
    {
        var lines = ring.Keys.Select(key => $"{key.Id} {key.PublishedFrom:O} {key.RetiresAt:O}").Order(StringComparer.Ordinal)
            .Concat(ring.DestroyedKeys.Select(key => $"{key.Id} destroyed").Order(StringComparer.Ordinal));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }
}
