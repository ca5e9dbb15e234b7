using PasswordSync.Core.Captures;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.SyncNode.Sources;

/// <summary>Asks the domain controllers of a source for the stamp of an account: as the person, or as the account that may read it.</summary>
internal sealed partial class SourceQuestions(TimeProvider clock, ILogger logger)
{
    /// <summary>Signs in as the person and reads the stamp. One server after another, until one tells; a wrong password is tried at one server only.</summary>
    public async Task<StampFinding> SignInAsync(SourceServers source, Change change, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        using var credential = new SimpleCredential(change.Names.DistinguishedName, password.Span);
        return await AskEachAsync(source, credential, change, change.Names.DistinguishedName, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the stamp with the source's own reading account.</summary>
    public async Task<StampFinding> ReadAsync(SourceServers source, Change change, CancellationToken cancellationToken)
    {
        using var credential = await source.Reader!(cancellationToken).ConfigureAwait(false);
        var finding = await AskEachAsync(source, credential, change, $"<GUID={change.Account.ObjectGuid:D}>", cancellationToken).ConfigureAwait(false);
        if (finding == StampFinding.WrongPassword) LogReaderRefused(change.Account.Source.Value);
        return finding;
    }

    private async Task<StampFinding> AskEachAsync(SourceServers source, LdapCredential credential, Change change, string dn, CancellationToken cancellationToken)
    {
        var found = StampFinding.Unreachable;
        foreach (var server in source.Servers)
        {
            var finding = await AskAsync(server, source.Options, credential, change, dn, cancellationToken).ConfigureAwait(false);
            if (finding is not (StampFinding.Unreachable or StampFinding.Behind)) return finding;
            if (finding == StampFinding.Behind) found = finding;
        }

        return found;
    }

    private async Task<StampFinding> AskAsync(LdapServer server, LdapOptions options, LdapCredential credential, Change change, string dn, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await LdapConnection.ConnectAsync(server, credential, options, clock, cancellationToken).ConfigureAwait(false);
            var search = new LdapSearchRequest(dn, LdapSearchScope.Base, LdapFilter.Present("objectClass"), ReplicationMetadata.AttributeName);
            var found = await connection.SearchAsync(search, cancellationToken).ConfigureAwait(false);
            var value = found.Entries.Count == 1 ? found.Entries[0].GetBytes(ReplicationMetadata.AttributeName) : null;
            if (value is null || ReplicationMetadata.Find(value.Value.Span, ReplicationMetadata.UnicodePwd) is not { } known) return StampFinding.Inconclusive;
            return new Stamp(change.Stamp.Generation, known.Version, known.OriginatingSecond, known.InvocationId).CompareTo(change.Stamp) switch
            {
                0 => StampFinding.Same,
                < 0 => StampFinding.Behind,
                _ => StampFinding.Greater,
            };
        }
        catch (LdapException failure) when (failure.Kind == LdapErrorKind.Result && failure.Result!.Code == LdapResultCode.InvalidCredentials)
        {
            const uint wrongPassword = 0x52e;
            return ActiveDirectoryDiagnostics.BindReason(failure.Result) is null or wrongPassword ? StampFinding.WrongPassword : StampFinding.Inconclusive;
        }
        catch (LdapException failure) when (failure.Kind == LdapErrorKind.Result && failure.Result!.Code == LdapResultCode.NoSuchObject)
        {
            // The account may not have been replicated yet, or is deleted.
            return StampFinding.Behind;
        }
        catch (LdapException failure)
        {
            LogServerFailed(server, failure.Kind, failure.Message);
            return StampFinding.Unreachable;
        }
    }

    [LoggerMessage(4103, LogLevel.Warning, "{Server} could not be asked ({Kind}): {Reason}")]
    private partial void LogServerFailed(LdapServer server, LdapErrorKind kind, string reason);

    [LoggerMessage(4104, LogLevel.Error, "The source '{Source}' refuses its reading account: correct sources.{Source}.bindName and bindPassword.")]
    private partial void LogReaderRefused(string source);
}
