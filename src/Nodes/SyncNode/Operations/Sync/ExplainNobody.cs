using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Operations.Edges;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Explains somebody of whom nothing ever arrived: why not, as far as the sources, the scopes and the edges tell.</summary>
internal sealed class ExplainNobody(OperationServices services)
{
    private static readonly ImmutableArray<ColumnDescription> SourceColumns = [Column.Text("source"), Column.Text("directory"), Column.Text("scopes"), Column.Text("why"), Column.Text("action", "you can")];

    private static readonly ImmutableArray<ColumnDescription> ScopeColumns = [Column.Text("scope"), Column.Text("source"), Column.Text("baseDn", "base DN"), Column.Text("filter"), Column.Text("groups"), Column.Text("points")];

    public async Task<Answer> ExplainAsync(string text, CancellationToken cancellationToken)
    {
        var rows = new List<ImmutableArray<object?>>();
        foreach (var name in services.Configuration.Node.Sources.Keys.Order(StringComparer.Ordinal)) rows.Add(await RowAsync(new SourceId(name), text, cancellationToken).ConfigureAwait(false));
        return new Answer(
        [
            Section.Facts(null, ("who", text), ("known", $"no: no change of the password of '{text}' ever arrived at this cluster")),
            Section.Table("sources", "source|sources", SourceColumns, rows),
            Section.Table("scopes", "scope|scopes", ScopeColumns, services.Configuration.Scopes.Select(scope => Column.Row(
                scope.Name, scope.Source, scope.BaseDn, scope.Filter, string.Join(", ", scope.IncludeGroups.Select(group => $"in {group}").Concat(scope.ExcludeGroups.Select(group => $"not in {group}"))), string.Join(", ", scope.Points)))),
            await EdgeTable.MakeAsync(services, "edges", cancellationToken).ConfigureAwait(false),
        ]);
    }

    private async Task<ImmutableArray<object?>> RowAsync(SourceId source, string text, CancellationToken cancellationToken)
    {
        var edges = (await services.Store.Edges.ListAsync(cancellationToken).ConfigureAwait(false)).Where(edge => edge.Source == source).ToList();
        var (directory, scopes, why, action) = await LookAsync(source, text, cancellationToken).ConfigureAwait(false);
        if (edges.Count == 0) (why, action) = ("No edge of this source was ever heard of: nothing is captured there.", "Install the edge on every writable domain controller: docs/operations/single-node.md");
        else if (edges.All(edge => services.Now - edge.SeenAt > services.Configuration.Node.EdgeGoneAfter)) (why, action) = ($"No edge of this source was heard of since {Stories.Time(edges.Max(edge => edge.SeenAt))}.", "See that passwordsync-edge runs and reaches this node.");
        return Column.Row(source.Value, directory, scopes, why, action);
    }

    private async Task<(string Directory, string? Scopes, string Why, string? Action)> LookAsync(SourceId source, string text, CancellationToken cancellationToken)
    {
        const string unknown = "The password was not changed since the edges were installed, or the account is in no scope, or the name is wrong.";
        if (services.Readers.Of(source) is not { } directory) return ("not read: no bind account is configured", null, unknown, $"Configure sources.{source}.bindName and bindPassword in node.json, and ask again.");
        try
        {
            switch (await directory.FindAsync(new AccountQuery(text, 0, null), cancellationToken).ConfigureAwait(false))
            {
                case AccountSearch.NotFound:
                    return ("no account has this login name", null, "There is no such account.", "Ask with the sAMAccountName.");
                case AccountSearch.Excluded excluded:
                    return ("an account that is never captured", null, $"It is never captured: {DirectoryView.WordOf(excluded.Reason)}.", null);
                case AccountSearch.Found found:
                    var scopes = await directory.MatchAsync(found.Account, services.Configuration.ScopeRulesOf(source), cancellationToken).ConfigureAwait(false);
                    return scopes.IsEmpty
                        ? (found.Account.Names.DistinguishedName, "none", "The account is in no scope: its captures stay on the domain controller and are destroyed there.", "Widen a scope in scopes.json, or add the person to its group.")
                        : (found.Account.Names.DistinguishedName, string.Join(", ", scopes), found.Stamp is { } stamp
                            ? $"The account is in scope. Its present password has the stamp {stamp}; no change since the edges were installed arrived."
                            : "The account is in scope, and never had a password.", "Have the password changed once, and ask again.");
                default:
                    throw new InvalidOperationException("Internal error: unknown search.");
            }
        }
        catch (DirectoryUnavailableException failure)
        {
            return ($"cannot be asked: {failure.Message}", null, unknown, "See that the source's servers can be reached from this node.");
        }
    }
}
