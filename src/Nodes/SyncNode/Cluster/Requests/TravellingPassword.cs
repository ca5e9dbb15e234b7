using System.Runtime.InteropServices;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Secrets;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>
/// A password that an operator typed at one node and another node tries: sealed to the cluster's key, and that inside the nodes' mutual TLS. So no buffer of a request ever holds it
/// in clear, and an envelope that was captured is never taken for one of these.
/// </summary>
internal static class TravellingPassword
{
    /// <summary>Stands where a captured password's envelope names the domain controller.</summary>
    private const string Origin = "sync-check";

    /// <summary>Seals a password for the nodes of the cluster.</summary>
    /// <returns>The envelope; null with the reason if it cannot be sealed.</returns>
    public static (byte[]? Envelope, string? Reason) Seal(Secret password, Guid captureId, AccountId account, AccountNames names, KeyRingStore keys, DateTimeOffset now)
    {
        if (keys.Ring.CurrentKey(now) is not { } key) return (null, "This node has no key to seal the password to, for the way to a node that reaches the target.");
        var description = new EnvelopeDescription(captureId, now, relativeId: 0, keys.Ring.Cluster, account.Source.Value, Origin, names.SamAccountName);
        return EnvelopeSealer.TrySeal(description, key.PublicKey, PasswordEncoding.Utf16LittleEndian, MemoryMarshal.AsBytes(password.Reveal()), out var envelope, out var refusal)
            ? (envelope, null)
            : (null, refusal.Message);
    }

    /// <summary>Opens what another node sealed; the caller disposes the password.</summary>
    /// <returns>The password; null with the reason if the envelope cannot be opened here.</returns>
    public static (Secret? Password, string? Reason) Open(NodeRequest.TryPassword request, KeyRingStore keys)
    {
        var opening = EnvelopeOpener.Open(request.Envelope, keys, new ExpectedBinding(keys.Ring.Cluster, request.Account.Source, Origin, request.CaptureId));
        using var opened = opening.Password;
        if (opened is null) return (null, $"The sealed password cannot be opened there: {opening.Refusal}");
        return opened.Encoding == PasswordEncoding.Utf16LittleEndian ? (Secret.FromUtf16(opened.Bytes), null) : (null, "The sealed password is not encoded as nodes do it.");
    }
}
