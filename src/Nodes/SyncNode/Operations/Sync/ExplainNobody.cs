using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Operations.Edges;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Explains somebody of whom nothing was ever decided under this name: why not, as far as the sources, the scopes and the edges tell.</summary>
internal sealed class ExplainNobody(OperationServices services)
{
    private static readonly ImmutableArray<ColumnDescription> SourceColumns = [Column.Text("source"), Column.Text("directory"), Column.Text("scopes"), Column.Text("why"), Column.Text("action", "you can")];

    public async Task<Answer> ExplainAsync(string text, CancellationToken cancellationToken)
    {
        var rows = new List<ImmutableArray<object?>>();
        foreach (var name in services.Configuration.Node.Sources.Keys.Order(StringComparer.Ordinal)) rows.AddRange(await RowsAsync(new SourceId(name), text, cancellationToken).ConfigureAwait(false));
        return new Answer(
        [
            Section.Facts(null, ("who", text), ("known", $"no: no capture that this cluster decided bears the name '{text}'")),
            .. await new UndecidedCaptures(services).OfAsync(text, cancellationToken).ConfigureAwait(false),
            Section.Table("sources", "finding|findings", SourceColumns, rows),
            new ExplainScopes(services).All(),
            await EdgeTable.MakeAsync(services, "edges", cancellationToken).ConfigureAwait(false),
        ]);
    }

    private async Task<IEnumerable<ImmutableArray<object?>>> RowsAsync(SourceId source, string text, CancellationToken cancellationToken)
    {
        var edges = (await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false)).Where(edge => edge.Source == source).ToList();
        var findings = await LookAsync(source, text, cancellationToken).ConfigureAwait(false);
        (string Why, string Action)? edgeless = edges.Count == 0
            ? ("No edge of this source was ever heard of: nothing is captured there.", "Install the edge on every writable domain controller: docs/operations/single-node.md")
            : edges.All(edge => services.Now - edge.SeenAt > services.Configuration.Node.EdgeGoneAfter)
                ? ($"No edge of this source was heard of since {Stories.Time(edges.Max(edge => edge.SeenAt))}.", "See that passwordsync-edge runs and reaches this node.")
                : null;
        return findings.Select(finding => Column.Row(source.Value, finding.Directory, finding.Scopes, edgeless?.Why ?? finding.Why, edgeless is null ? finding.Action : edgeless.Value.Action));
    }

    private async Task<IReadOnlyList<Finding>> LookAsync(SourceId source, string text, CancellationToken cancellationToken)
    {
        const string unknown = "The password was not changed since the edges were installed, or the account is in no scope, or the name is wrong.";
        if (services.Readers.Of(source) is not { } directory) return [new("not read: no bind account is configured", null, unknown, $"Configure sources.{source}.bindName and bindPassword in node.json, and ask again.")];
        try
        {
            var accounts = await directory.FindNamedAsync(text, OperationServices.AmbiguousMax, cancellationToken).ConfigureAwait(false);
            if (accounts.IsEmpty) return [new("no account has this login name, UPN, mail address, DN or objectGUID", null, "There is no such account.", "See how the name is written.")];
            var findings = new List<Finding>();
            foreach (var account in accounts) findings.Add(await ExplainAsync(source, account, directory, cancellationToken).ConfigureAwait(false));
            return findings;
        }
        catch (DirectoryUnavailableException failure)
        {
            return [new($"cannot be asked: {failure.Message}", null, unknown, "See that the source's servers can be reached from this node.")];
        }
    }

    private async Task<Finding> ExplainAsync(SourceId source, ListedAccount account, LdapSourceDirectory directory, CancellationToken cancellationToken)
    {
        var dn = account.Names.DistinguishedName;
        if (account.Exclusion is { } reason) return new(dn, null, $"It is never captured: {DirectoryView.WordOf(reason)}.", null);
        var id = $"{account.ObjectGuid}";
        var known = await services.Queries.FindAccountsAsync(id, OperationServices.AmbiguousMax, cancellationToken).ConfigureAwait(false);
        var rules = services.Configuration.ScopeRulesOf(source);
        var scopes = await directory.MatchAsync(new DirectoryAccount(account.ObjectGuid, account.Names), rules, cancellationToken).ConfigureAwait(false);
        var names = scopes.IsEmpty ? "none" : string.Join(", ", scopes);
        if (known.Any(other => other.Account == new AccountId(source, account.ObjectGuid))) return new(dn, names, "Captures of this account arrived, but none of them bears this name.", $"pbm sync explain {id}");
        if (scopes.IsEmpty) return new(dn, names, "The account is in no scope: its captures stay on the domain controller and are destroyed there.", "Widen a scope in scopes.json, or add the person to its group.");
        var password = account switch
        {
            { Stamp: { } stamp } => $"The account is in scope. Its present password has the stamp {stamp}; no change since the edges were installed arrived.",
            { IsReadable: false } => "The account is in scope, and no change since the edges were installed arrived. The bind account may not read how old its password is.",
            _ => "The account is in scope, and never had a password.",
        };
        return new(dn, names, password, "Have the password changed once, and ask again.");
    }

    private sealed record Finding(string Directory, string? Scopes, string Why, string? Action);
}
