using PasswordSync.Core.Captures;

namespace PasswordSync.SyncNode.Deliveries;

/// <summary>
/// Opens the secret of a change once for all sync points that deliver it at the same time: opening costs more than all else that a node does for a delivery. A
/// secret is kept for as long as somebody uses it and no longer. Safe from any thread.
/// </summary>
public sealed class SharedSecrets(EnvelopeReader reader)
{
    private readonly Lock gate = new();
    private readonly Dictionary<CaptureId, Shared> inUse = [];

    /// <summary>How many secrets are in use. At most as many as there are deliveries in hand.</summary>
    public int InUse
    {
        get { lock (gate) return inUse.Count; }
    }

    /// <summary>Reads and opens the secret of a change, or shares what is open already.</summary>
    /// <returns>The use of it, to be disposed by the caller, who only reads the secret meanwhile.</returns>
    /// <exception cref="Core.Ports.StorageUnavailableException">The database cannot be used now.</exception>
    public async Task<SecretUse> ReadAsync(Change change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        var shared = Join(change.CaptureId, out var isFirst);
        try
        {
            if (isFirst) await shared.FillAsync(reader, change, cancellationToken).ConfigureAwait(false);
            return new SecretUse(await shared.Reading.ConfigureAwait(false), () => Leave(change.CaptureId, shared));
        }
        catch
        {
            Leave(change.CaptureId, shared);
            throw;
        }
    }

    private Shared Join(CaptureId captureId, out bool isFirst)
    {
        lock (gate)
        {
            isFirst = !inUse.TryGetValue(captureId, out var shared);
            if (shared is null) inUse.Add(captureId, shared = new Shared());
            shared.Users++;
            return shared;
        }
    }

    private void Leave(CaptureId captureId, Shared shared)
    {
        lock (gate)
        {
            if (--shared.Users > 0) return;
            inUse.Remove(captureId);
        }

        if (shared.Reading is { IsCompletedSuccessfully: true, Result: SecretReading.Opened opened }) opened.Secret.Dispose();
    }

    private sealed class Shared
    {
        private readonly TaskCompletionSource<SecretReading> reading = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<SecretReading> Reading => reading.Task;

        public int Users { get; set; }

        public async Task FillAsync(EnvelopeReader reader, Change change, CancellationToken cancellationToken)
        {
            try
            {
                reading.SetResult(await reader.ReadAsync(change, cancellationToken).ConfigureAwait(false));
            }
#pragma warning disable CA1031 // Not swallowed: whoever shares the reading has it thrown.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                reading.SetException(failure);
            }
        }
    }
}

/// <summary>The use of what was read, until it is disposed; the last one to end it wipes the secret.</summary>
public sealed class SecretUse(SecretReading reading, Action end) : IDisposable
{
    private Action? end = end;

    public SecretReading Reading => reading;

    public void Dispose() => Interlocked.Exchange(ref end, null)?.Invoke();
}
