namespace PasswordSync.Sealing.KeyRings;

/// <summary>What reading a ring's file gave: a ring with its key, or a refusal. Owns the wrapping key.</summary>
internal sealed class KeyRingReading : IDisposable
{
    /// <summary>A writer overwrites the file that it replaced, so a reader of just that moment finds noise: it looks this often at most.</summary>
    private const int AttemptsMax = 3;

    private KeyRingReading(KeyRing? ring, WrappingKey? wrappingKey, KeyRingRefusal? refusal)
    {
        Ring = ring;
        WrappingKey = wrappingKey;
        Refusal = refusal;
    }

    /// <summary>The ring; the caller owns it.</summary>
    public KeyRing? Ring { get; }

    /// <summary>The key that opened the file, for saving the next version; set if and only if <see cref="Ring"/> is.</summary>
    public WrappingKey? WrappingKey { get; }

    public KeyRingRefusal? Refusal { get; }

    /// <param name="path">The file.</param>
    /// <param name="cluster">The cluster that the ring must be of.</param>
    /// <param name="passphrase">The passphrase.</param>
    /// <param name="roundsMin">The least rounds of its derivation that are read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<KeyRingReading> ReadAsync(string path, string cluster, ReadOnlyMemory<byte> passphrase, int roundsMin, CancellationToken cancellationToken)
    {
        byte[]? former = null;
        for (var attempt = 1; ; attempt++)
        {
            var file = await DurableFile.ReadAsync(path, KeyRingFormat.LengthMax, cancellationToken).ConfigureAwait(false);
            if (file is null)
            {
                return Refused(
                    new(KeyRingRefusalReason.NotFound, $"There is no key ring at {path}: create one, or copy the file of another node of the cluster."));
            }

            if (KeyRingFormat.TryDecode(file, passphrase.Span, roundsMin, out var ring, out var wrappingKey, out var refusal))
            {
                return Check(new(ring, wrappingKey, refusal: null), path, cluster);
            }

            var isSettled = former is not null && file.AsSpan().SequenceEqual(former);
            if (refusal.Reason != KeyRingRefusalReason.Damaged || isSettled || attempt == AttemptsMax) return Refused(refusal);
            former = file;
        }
    }

    public void Dispose() => WrappingKey?.Dispose();

    public override string ToString() => Ring?.ToString() ?? Refusal!.ToString();

    private static KeyRingReading Check(KeyRingReading reading, string path, string cluster)
    {
        if (reading.Ring!.Cluster == cluster) return reading;
        reading.Ring.Dispose();
        reading.Dispose();
        return Refused(
            new(KeyRingRefusalReason.OtherCluster, $"The key ring at {path} is of cluster '{reading.Ring.Cluster}', not '{cluster}': set the right path or name."));
    }

    private static KeyRingReading Refused(KeyRingRefusal refusal) => new(ring: null, wrappingKey: null, refusal);
}
