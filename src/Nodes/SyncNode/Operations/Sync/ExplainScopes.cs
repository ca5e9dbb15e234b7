using System.Collections.Immutable;
using System.Text.Json;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>Explains which scopes give sync points, and by which rule.</summary>
internal sealed class ExplainScopes(OperationServices services)
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("scope"), Column.Text("source"), Column.Text("baseDn", "base DN"), Column.Text("filter"), Column.Text("groups"), Column.Text("points")];

    /// <summary>All scopes that are configured.</summary>
    public Section All() => Section.Table("scopes", "scope|scopes", Columns, services.Configuration.Scopes.Select(RowOf));

    /// <summary>The scopes that give any of a person's sync points, and which of them say something else since the last change of that source was decided.</summary>
    public async Task<Section> OfAsync(IdentityState state, IReadOnlyCollection<IdentityEvent> events, CancellationToken cancellationToken)
    {
        var giving = state.Points.Keys.SelectMany(point => Giving(point, state, events)).Select(one => one.Scope).ToHashSet();
        var rows = new List<ImmutableArray<object?>>();
        foreach (var scope in services.Configuration.Scopes.Where(giving.Contains)) rows.Add(RowOf(scope).Add(await ChangedAsync(scope, events, cancellationToken).ConfigureAwait(false)));
        return Section.Table("scopes", "scope|scopes", [.. Columns, Column.Text("changed")], rows);
    }

    // Names alone do not say by which rule somebody was found in a scope.
    private async Task<string?> ChangedAsync(ScopeSettings scope, IReadOnlyCollection<IdentityEvent> events, CancellationToken cancellationToken)
    {
        if (events.OfType<IdentityEvent.CaptureAccepted>().LastOrDefault(accepted => accepted.Change.Account.Source.Value == scope.Source)?.At is not { } decidedAt) return null;
        if (await services.Store.Configurations.FindAsync(decidedAt, cancellationToken).ConfigureAwait(false) is not { } body) return null;
        using var then = JsonDocument.Parse(body);
        if (!then.RootElement.TryGetProperty(nameof(NodeConfiguration.Scopes), out var scopes)) return null;
        var former = scopes.EnumerateArray().FirstOrDefault(one =>
            one.GetProperty(nameof(ScopeSettings.Name)).ValueEquals(scope.Name) && one.GetProperty(nameof(ScopeSettings.Source)).ValueEquals(scope.Source));
        if (former.ValueKind == JsonValueKind.Undefined) return $"it is new since the last change was decided, at {Stories.Time(decidedAt)}";
        return HasChanged(former, JsonSerializer.SerializeToElement(scope)) ? $"it said something else when the last change was decided, at {Stories.Time(decidedAt)}" : null;
    }

    // What another version of the product did not know, it did not say otherwise.
    private static bool HasChanged(JsonElement former, JsonElement now) =>
        now.EnumerateObject().Any(property => former.TryGetProperty(property.Name, out var before) && !JsonElement.DeepEquals(before, property.Value));

    /// <summary>Why a person has a sync point: by the scopes in which the edge found the account when its last change was accepted.</summary>
    public string Why(SyncPointId point, IdentityState state, IReadOnlyCollection<IdentityEvent> events)
    {
        var giving = Giving(point, state, events);
        var names = giving.Select(one => one.Scope.Name).Distinct().ToList();
        return names.Count switch
        {
            0 when Removed(point, state, events) is { Count: > 0 } removed => $"by scope {string.Join(", ", removed)}, which is not configured any more",
            0 => "no scope gives it any more",
            1 => $"by scope {names[0]}",
            _ when giving.All(one => one.IsKnown) => $"by each of the scopes {string.Join(", ", names)}",
            _ => $"by one or more of the scopes {string.Join(", ", names)}",
        };
    }

    // The point stays until another change is decided, and is sent to meanwhile.
    private List<string> Removed(SyncPointId point, IdentityState state, IReadOnlyCollection<IdentityEvent> events) =>
    [
        .. from account in AccountsOf(state)
           where account.Points.Contains(point)
           from name in ScopesOf(account.Account, events)
           where services.Configuration.Scopes.All(scope => scope.Name != name || scope.Source != account.Account.Source.Value)
           select name,
    ];

    private static ImmutableArray<string> ScopesOf(AccountId account, IReadOnlyCollection<IdentityEvent> events) =>
        events.OfType<IdentityEvent.CaptureAccepted>().LastOrDefault(accepted => accepted.Change.Account == account)?.Scopes ?? [];

    // Where the journal does not say in which scopes the edge found the account (it is from before that was kept, or does not reach back so far), all that could have given the point.
    private List<(ScopeSettings Scope, bool IsKnown)> Giving(SyncPointId point, IdentityState state, IReadOnlyCollection<IdentityEvent> events) =>
    [
        .. from account in AccountsOf(state)
           where account.Points.Contains(point)
           let found = ScopesOf(account.Account, events)
           from scope in services.Configuration.Scopes
           where scope.Source == account.Account.Source.Value && scope.Points.Contains(point.Value) && (found.IsEmpty || found.Contains(scope.Name))
           select (scope, !found.IsEmpty),
    ];

    // Journals of before the sync points were told by account know only the newest change's.
    private static ImmutableList<AccountScope> AccountsOf(IdentityState state) =>
        state.Scopes.IsEmpty && state.Newest is { } newest ? [new AccountScope(newest.Account, [.. state.Points.Keys])] : state.Scopes;

    private static ImmutableArray<object?> RowOf(ScopeSettings scope) => Column.Row(
        scope.Name, scope.Source, scope.BaseDn, scope.Filter, string.Join(", ", scope.IncludeGroups.Select(group => $"in {group}").Concat(scope.ExcludeGroups.Select(group => $"not in {group}"))), string.Join(", ", scope.Points));
}
