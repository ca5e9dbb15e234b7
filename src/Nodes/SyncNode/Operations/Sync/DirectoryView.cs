using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What the source's directory says of accounts now, read in real time, where a bind account is configured.</summary>
internal sealed class DirectoryView(OperationServices services)
{
    private static readonly ImmutableArray<ColumnDescription> Columns =
        [Column.Text("source"), Column.Text("found"), Column.Text("scopes"), Column.Text("stampNow", "stamp now"), Column.Text("captured")];

    /// <summary>A section for accounts that the store knows; none where nothing can be read.</summary>
    public async Task<ImmutableArray<Section>> SectionsAsync(ImmutableArray<KnownAccount> accounts, CancellationToken cancellationToken)
    {
        var rows = new List<ImmutableArray<object?>>();
        foreach (var account in accounts)
        {
            if (services.Readers.Of(account.Account.Source) is not { } directory) continue;
            var state = await services.StateOfAsync(account.Identity, cancellationToken).ConfigureAwait(false);
            var found = await LookAsync(account, directory, cancellationToken).ConfigureAwait(false);
            var latest = state.LatestStamps.TryGetValue(account.Account.Source, out var stamp) ? stamp : (Stamp?)null;
            rows.Add(Column.Row(account.Account.Source.Value, found.What, found.Scopes, found.Stamp?.ToString(), Compare(found.Stamp, latest)));
        }

        return rows.Count == 0 ? [] : [Section.Table("in the directory now", "account|accounts", Columns, rows)];
    }

    /// <summary>One account, as its directory has it now.</summary>
    public async Task<DirectoryFinding> LookAsync(KnownAccount account, LdapSourceDirectory directory, CancellationToken cancellationToken)
    {
        try
        {
            var query = new AccountQuery(account.Names?.SamAccountName ?? "", 0, account.Account.ObjectGuid);
            return await directory.FindAsync(query, cancellationToken).ConfigureAwait(false) switch
            {
                AccountSearch.Found found when found.Account.ObjectGuid != account.Account.ObjectGuid => new DirectoryFinding($"the name is another account's now ({found.Account.ObjectGuid})", null, null),
                AccountSearch.Found found => new DirectoryFinding(
                    found.Account.Names.DistinguishedName,
                    string.Join(", ", await directory.MatchAsync(found.Account, services.Configuration.ScopeRulesOf(account.Account.Source), cancellationToken).ConfigureAwait(false)) is { Length: > 0 } scopes ? scopes : "none",
                    found.Stamp is { } stamp ? stamp with { Generation = services.Configuration.Node.Sources[account.Account.Source.Value].Generation } : null),
                AccountSearch.Excluded excluded => new DirectoryFinding($"never captured: {WordOf(excluded.Reason)}", null, null),
                _ => new DirectoryFinding("not there any more", null, null),
            };
        }
        catch (DirectoryUnavailableException failure)
        {
            return new DirectoryFinding($"cannot be asked: {failure.Message}", null, null);
        }
    }

    public static string WordOf(AccountExclusion reason) => reason switch
    {
        AccountExclusion.Machine => "it is a computer's account",
        AccountExclusion.Trust => "it is a trust to another domain",
        AccountExclusion.ManagedServiceAccount => "it is a managed service account",
        AccountExclusion.KeyDistributionCenter => "it is krbtgt or its like",
        AccountExclusion.SmartCardRequired => "it must use a smart card, so the domain makes its password up",
        _ => throw new InvalidOperationException($"Internal error: unknown reason {reason}."),
    };

    public static string Compare(Stamp? now, Stamp? latest) => (now, latest) switch
    {
        (null, _) => "cannot be told",
        (_, null) => "never",
        var (there, known) when there == known => "the newest",
        var (there, known) when there > known => "not the newest: a change since then was not captured, or is on its way",
        _ => "the directory is behind: the domain was restored, or another server answered",
    };
}

/// <summary>What was found.</summary>
/// <param name="What">The DN, or what is wrong.</param>
/// <param name="Scopes">The scopes that it is in now; null if that cannot be told.</param>
/// <param name="Stamp">The stamp of its password now; null if that cannot be told.</param>
internal sealed record DirectoryFinding(string What, string? Scopes, Stamp? Stamp);
