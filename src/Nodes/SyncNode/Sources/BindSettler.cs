using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.SyncNode.Deliveries;

namespace PasswordSync.SyncNode.Sources;

/// <summary>
/// Settles which of several captures was committed, by signing in at the source as the person: the one whose password signs in, at a DC that has the very
/// stamp in question, caused it. At most two binds, newest first, so that nobody is locked out; what they cannot prove stays unknown and is never sent.
/// </summary>
public sealed partial class BindSettler(
    ISecretStore secrets, EnvelopeReader envelopes, Func<SourceId, SourceServers?> servers, TimeProvider clock, ILogger<BindSettler> logger) : ICandidateSettler
{
    /// <summary>How many candidates are tried at most.</summary>
    private const int BindsMax = 2;

    /// <summary>When a source that did not answer is asked again.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(15);

    public async Task<CandidateVerdict> SettleAsync(Arrival.Ambiguous ambiguous, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ambiguous);
        if (servers(ambiguous.Account.Source) is not { } source) return new CandidateVerdict.Unknown($"The node does not know the servers of the source '{ambiguous.Account.Source}'.");
        foreach (var candidate in ambiguous.Candidates.Reverse().Take(BindsMax))
        {
            switch (await TryAsync(candidate.Change, source, cancellationToken).ConfigureAwait(false))
            {
                case Finding.Caused:
                    LogSettled(candidate.Change.CaptureId, ambiguous.Candidates.Length);
                    return new CandidateVerdict.Caused(candidate.Change);
                case Finding.Unreachable:
                    return new CandidateVerdict.TryAgain(AskAgainAfter, "No server of the source answered.");
                case Finding.KeyMissing:
                    return new CandidateVerdict.TryAgain(AskAgainAfter, "This node does not hold the key of a candidate now.");
                case Finding.Overtaken:
                    return Unproven(ambiguous, "The domain has a newer password meanwhile.");
                case Finding.Inconclusive:
                    return Unproven(ambiguous, "The account cannot sign in now, whatever the password.");
            }
        }

        return Unproven(ambiguous, "None of the passwords that were tried signs in.");
    }

    private CandidateVerdict.Unknown Unproven(Arrival.Ambiguous ambiguous, string reason)
    {
        LogUnproven(ambiguous.Id, ambiguous.Candidates.Length, reason);
        return new CandidateVerdict.Unknown(reason);
    }

    private async Task<Finding> TryAsync(Change change, SourceServers source, CancellationToken cancellationToken)
    {
        if (await secrets.ReadAsync(change.CaptureId, cancellationToken).ConfigureAwait(false) is not { } envelope) return Finding.Wrong;
        var reading = envelopes.Open(envelope, change);
        if (reading is SecretReading.KeyMissing) return Finding.KeyMissing;
        if (reading is not SecretReading.Opened opened) return Finding.Wrong;
        using (opened.Secret)
        {
            if (!opened.Secret.IsWellFormed) return Finding.Inconclusive;
            var finding = Finding.Unreachable;
            foreach (var server in source.Servers)
            {
                finding = await opened.Secret.WithUtf8Async(password => BindAsync(server, source.Options, change, password, cancellationToken)).ConfigureAwait(false);
                if (finding is not (Finding.Unreachable or Finding.Behind)) return finding;
            }

            return finding == Finding.Behind ? Finding.Unreachable : finding;
        }
    }

    private async Task<Finding> BindAsync(LdapServer server, LdapOptions options, Change change, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        try
        {
            using var credential = new SimpleCredential(change.Names.DistinguishedName, password.Span);
            await using var connection = await LdapConnection.ConnectAsync(server, credential, options, clock, cancellationToken).ConfigureAwait(false);
            var search = new LdapSearchRequest(change.Names.DistinguishedName, LdapSearchScope.Base, LdapFilter.Present("objectClass"), ReplicationMetadata.AttributeName);
            var found = await connection.SearchAsync(search, cancellationToken).ConfigureAwait(false);
            var value = found.Entries.Count == 1 ? found.Entries[0].GetBytes(ReplicationMetadata.AttributeName) : null;
            if (value is null || ReplicationMetadata.Find(value.Value.Span, ReplicationMetadata.UnicodePwd) is not { } known) return Finding.Inconclusive;
            var stamp = new Stamp(change.Stamp.Generation, known.Version, known.OriginatingSecond, known.InvocationId);
            return stamp.CompareTo(change.Stamp) switch
            {
                0 => Finding.Caused,
                < 0 => Finding.Behind,
                _ => Finding.Overtaken,
            };
        }
        catch (LdapException failure) when (failure.Kind == LdapErrorKind.Result && failure.Result!.Code == LdapResultCode.InvalidCredentials)
        {
            const uint wrongPassword = 0x52e;
            return ActiveDirectoryDiagnostics.BindReason(failure.Result) is null or wrongPassword ? Finding.Wrong : Finding.Inconclusive;
        }
        catch (LdapException failure)
        {
            LogServerFailed(server, failure.Kind, failure.Message);
            return Finding.Unreachable;
        }
    }

    private enum Finding
    {
        /// <summary>The password signs in where the domain has the stamp in question.</summary>
        Caused,

        /// <summary>The password does not sign in.</summary>
        Wrong,

        /// <summary>The password signs in, but this server does not have the stamp yet.</summary>
        Behind,

        /// <summary>The password signs in, but the server has a greater stamp.</summary>
        Overtaken,

        /// <summary>A bind cannot tell: disabled, locked, must change.</summary>
        Inconclusive,

        /// <summary>No server answered.</summary>
        Unreachable,

        /// <summary>The password cannot be opened here now.</summary>
        KeyMissing,
    }

    [LoggerMessage(4101, LogLevel.Information, "Capture {CaptureId} is the one of {Candidates} that the source committed.")]
    private partial void LogSettled(CaptureId captureId, int candidates);

    [LoggerMessage(4102, LogLevel.Warning, "Which of {Candidates} captures up to {CaptureId} the source committed cannot be proven; none is sent. {Reason}")]
    private partial void LogUnproven(CaptureId captureId, int candidates, string reason);

    [LoggerMessage(4103, LogLevel.Warning, "{Server} could not be asked ({Kind}): {Reason}")]
    private partial void LogServerFailed(LdapServer server, LdapErrorKind kind, string reason);
}

/// <summary>How the servers of a source are reached.</summary>
public sealed record SourceServers(IReadOnlyList<LdapServer> Servers, LdapOptions Options);
