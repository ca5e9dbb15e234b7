namespace PasswordSync.Core.Identities;

/// <summary>
/// A person: one account, or several linked ones. The value has no meaning of its own; a table maps accounts to it.
/// </summary>
public readonly record struct IdentityId(Guid Value)
{
    /// <summary>
    /// The shard of this identity, from 0 to <paramref name="shardCount"/> - 1. The same for ever on every platform: FNV-1a (32 bit) over
    /// the sixteen bytes in RFC 9562 order.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="shardCount"/> is not positive.</exception>
    public int Shard(int shardCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardCount);
        Span<byte> bytes = stackalloc byte[16];
        Value.TryWriteBytes(bytes, bigEndian: true, out _);
        var hash = 2166136261u;
        foreach (var b in bytes) hash = (hash ^ b) * 16777619u;
        return (int)(hash % (uint)shardCount);
    }

    public override string ToString() => Value.ToString("D");
}
