using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;

namespace PasswordSync.Providers.Matching;

/// <summary>Finds one account by rules in their order: the first rule that finds any decides.</summary>
internal static class AccountSearch
{
    /// <summary>How many accounts one rule has to look for: with the second it is ambiguous.</summary>
    public const int HitsMax = 2;

    /// <summary>As below, for a target whose search can end with an outcome in the place of accounts.</summary>
    public static async Task<(TAccount? Account, DeliveryOutcome? Obstacle)> AskAsync<TAccount>(
        ImmutableArray<MatchRule> rules, TargetQuery query, Func<MatchRule, string, Task<(IReadOnlyList<TAccount> Accounts, DeliveryOutcome? Obstacle)>> find)
        where TAccount : class
    {
        DeliveryOutcome? failure = null;
        var (account, missing) = await RunAsync(rules, query, async (rule, value) =>
        {
            if (failure is not null) return [];
            (var accounts, failure) = await find(rule, value);
            return accounts;
        });
        return failure is null ? (account, missing) : (null, failure);
    }

    /// <param name="rules">The rules, first wins.</param>
    /// <param name="query">Whom to look for.</param>
    /// <param name="find">Finds at most <see cref="HitsMax"/> accounts by a rule and the value to look for.</param>
    /// <param name="nameOf">How people know an account, to name those that a rule cannot tell apart; null to leave them unnamed.</param>
    /// <returns>The account, or why there is none.</returns>
    public static async Task<(TAccount? Account, DeliveryOutcome? Obstacle)> RunAsync<TAccount>(
        ImmutableArray<MatchRule> rules, TargetQuery query, Func<MatchRule, string, Task<IReadOnlyList<TAccount>>> find, Func<TAccount, string>? nameOf = null)
        where TAccount : class
    {
        foreach (var rule in rules)
        {
            if (rule.ValueOf(query) is not { } value) continue;
            switch (await find(rule, value))
            {
                case []:
                    continue;
                case [var account]:
                    return (account, null);
                case var several:
                    var names = nameOf is null ? "" : $": {string.Join("; ", several.Select(nameOf))}";
                    return (null, new DeliveryOutcome.AccountNotFound($"ambiguous: more than one account matches {rule} ('{value}'){names}. Make the attribute unique, or change the rules (match)."));
            }
        }

        var tried = string.Join(", ", rules.Select(rule => string.Create(CultureInfo.InvariantCulture, $"{rule} ({(rule.ValueOf(query) is { } value ? $"'{value}'" : "the source's account has none")})")));
        return (null, new DeliveryOutcome.AccountNotFound($"No account matches: {tried}."));
    }
}
