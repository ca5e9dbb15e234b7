using System.Collections.Immutable;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Explains which scopes give sync points, and by which rule.</summary>
internal sealed class ExplainScopes(OperationServices services)
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("scope"), Column.Text("source"), Column.Text("baseDn", "base DN"), Column.Text("filter"), Column.Text("groups"), Column.Text("points")];

    /// <summary>All scopes that are configured.</summary>
    public Section All() => TableOf(services.Configuration.Scopes);

    /// <summary>The scopes that give any of a person's sync points.</summary>
    public Section Of(IdentityState state) => TableOf(services.Configuration.Scopes.Where(scope => IsOfItsSources(scope, state) && state.Points.Keys.Any(point => scope.Points.Contains(point.Value))));

    /// <summary>Why a person has a sync point. The journal says which points an account's scopes gave, not which scopes: of several, none is named as the one.</summary>
    public string Why(SyncPointId point, IdentityState state)
    {
        var giving = services.Configuration.Scopes.Where(scope => IsOfItsSources(scope, state) && scope.Points.Contains(point.Value)).Select(scope => scope.Name).Distinct().ToList();
        return giving.Count switch
        {
            0 => "no scope gives it any more",
            1 => $"by scope {giving[0]}",
            _ => $"by one or more of the scopes {string.Join(", ", giving)}",
        };
    }

    // Of the accounts that have sync points; journals of before those were told by account know only the newest change's.
    private static bool IsOfItsSources(ScopeSettings scope, IdentityState state) => state.Scopes.IsEmpty
        ? state.Newest is null || state.Newest.Account.Source.Value == scope.Source
        : state.Scopes.Any(known => known.Account.Source.Value == scope.Source);

    private static Section TableOf(IEnumerable<ScopeSettings> scopes) => Section.Table("scopes", "scope|scopes", Columns, scopes.Select(scope => Column.Row(
        scope.Name, scope.Source, scope.BaseDn, scope.Filter, string.Join(", ", scope.IncludeGroups.Select(group => $"in {group}").Concat(scope.ExcludeGroups.Select(group => $"not in {group}"))), string.Join(", ", scope.Points))));
}
