using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.Node.Bench;

/// <summary>Captures for the bench.</summary>
internal static class Samples
{
    public const string Cluster = "bench";
    public static readonly SourceId Source = new("corp.example");

    /// <summary>A capture of somebody new whose secret is never opened.</summary>
    public static Arrival.Confirmed Arrive() => Arrive(Guid.NewGuid(), version: 1);

    /// <summary>A capture of somebody whose secret is never opened.</summary>
    public static Arrival.Confirmed Arrive(Guid person, uint version) => Arrive(new CaptureId(Guid.NewGuid()), new byte[1_200], person, version);

    public static Arrival.Confirmed Arrive(CaptureId id, byte[] envelope, Guid objectGuid, uint version)
    {
        var now = DateTimeOffset.UtcNow;
        var login = LoginOf(objectGuid);
        var change = new Change(
            id,
            new AccountId(Source, objectGuid),
            new Stamp(0, version, Stamp.ToOriginatingSecond(now), Guid.NewGuid()),
            new AccountNames($"CN=Ada {login},OU=People,DC=corp,DC=example", login, $"{login}@corp.example", $"{login}@mail.example"),
            new StageTimes(now, now, now, now),
            now.AddDays(7));
        return new Arrival.Confirmed(change, ["people"], envelope);
    }

    /// <summary>Everybody has names of their own, as in life: the first eight digits of the objectGUID.</summary>
    private static string LoginOf(Guid objectGuid) => objectGuid.ToString("D")[..8];

    /// <summary>A capture of somebody new whose secret can be opened.</summary>
    public static Arrival.Confirmed ArriveSealed(KeyRing ring) => ArriveSealed(ring, Guid.NewGuid(), version: 1);

    /// <summary>A capture of somebody whose secret can be opened.</summary>
    public static Arrival.Confirmed ArriveSealed(KeyRing ring, Guid objectGuid, uint version)
    {
        var (id, now) = (Guid.NewGuid(), DateTimeOffset.UtcNow);
        var description = new EnvelopeDescription(id, now, 0, Cluster, Source.Value, "dc1.corp.example", LoginOf(objectGuid));
        var envelope = EnvelopeSealer.Seal(description, ring.CurrentKey(now)!.PublicKey, PasswordEncoding.Utf8, "Autumn.2026!"u8);
        return Arrive(new CaptureId(id), envelope, objectGuid, version);
    }
}
