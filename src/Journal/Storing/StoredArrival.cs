using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Storing;

/// <summary>An arrival in its stored form, made on the caller's thread: whoever writes it has only to write.</summary>
internal sealed class StoredArrival
{
    public StoredArrival(Arrival arrival)
    {
        CaptureId = arrival.Id.Value;
        Account = arrival.Account;
        Record = ArrivalCodec.Encode(arrival);
        At = arrival.AcceptedAt.ToColumn();
        Secrets = arrival switch
        {
            Arrival.Confirmed a => [new StoredSecret(a.Change, a.Envelope)],
            Arrival.Ambiguous a => [.. a.Candidates.Select(candidate => new StoredSecret(candidate.Change, candidate.Envelope))],
            Arrival.Report => [],
            _ => throw new InvalidOperationException($"Internal error: unknown arrival {arrival.GetType().Name}."),
        };
    }

    /// <summary>The id by which a repeat is known.</summary>
    public Guid CaptureId { get; }

    public AccountId Account { get; }

    public StoredRecord Record { get; }

    public long At { get; }

    public StoredSecret[] Secrets { get; }

    /// <summary>Every id that is known once this is accepted.</summary>
    public IEnumerable<Guid> Ids => Secrets.Length == 0 ? [CaptureId] : Secrets.Select(secret => secret.CaptureId);
}

/// <summary>A sealed secret as it stands in columns.</summary>
internal sealed class StoredSecret(Change change, ReadOnlyMemory<byte> envelope)
{
    public Guid CaptureId { get; } = change.CaptureId.Value;

    public byte[] Envelope { get; } = envelope.ToArray();

    public long ExpiresAt { get; } = change.ExpiresAt.ToColumn();
}
