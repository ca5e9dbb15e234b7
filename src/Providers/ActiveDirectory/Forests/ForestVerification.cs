using System.Collections.Immutable;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Policies;

namespace PasswordSync.Providers.ActiveDirectory.Forests;

/// <summary>Checks the settings of a forest against its Global Catalog and each of its domains. Changes nothing.</summary>
internal sealed class ForestVerification(Forest forest, ActiveDirectoryOptions options)
{
    private const string Catalog = "globalCatalog";
    private const string Sources = "sources";
    private const string Match = "match";

    /// <summary>How many domains are looked at at once after the first: as many binds may be refused before that is known, which is fewer than usual lockout policies allow.</summary>
    private const int DomainsAtOnce = 4;

    private readonly List<VerificationCheck> checks = [];

    public async Task<VerificationReport> RunAsync(CancellationToken cancellationToken)
    {
        if (await DirectoryVerification.ConnectAsync(forest.Catalog, checks, cancellationToken) is not { } catalog) return new VerificationReport([.. checks]);
        try
        {
            var (domains, obstacle) = await forest.ReadDomainsAsync(catalog, cancellationToken);
            if (domains is null)
            {
                checks.Add(VerificationCheck.Failed(Catalog, obstacle!.Explain()!, "Name the root domain of a forest in domain."));
                return new VerificationReport([.. checks]);
            }

            await CheckCatalogAsync(catalog, domains, cancellationToken);
            CheckSources(domains);

            var found = await CheckDomainsAsync(domains, cancellationToken);
            checks.AddRange(found.Select(domain => domain.Check));
            if (options.Base is { } baseDn) checks.Add(await ActiveDirectoryVerification.CheckBaseAsync(catalog, baseDn, cancellationToken));
            await CheckRightsAsync(catalog, cancellationToken);
            return new VerificationReport([.. checks]) { Policies = [.. found.SelectMany(domain => domain.Policies)] };
        }
        catch (LdapException e)
        {
            checks.Add(VerificationCheck.Failed(Catalog, e.Message, ReadRefusals.Classify(e).Explain()!));
            return new VerificationReport([.. checks]);
        }
    }

    private async Task CheckCatalogAsync(LdapConnection catalog, ForestDomains domains, CancellationToken cancellationToken)
    {
        var root = (await catalog.SearchAsync(
            new LdapSearchRequest("", LdapSearchScope.Base, LdapFilter.Present("objectClass"), "isGlobalCatalogReady", "schemaNamingContext"), cancellationToken)).Entries.Single();
        checks.Add(root.GetString("isGlobalCatalogReady") == "TRUE"
            ? VerificationCheck.Passed(Catalog, $"{catalog.Server} holds the Global Catalog of {domains}.")
            : VerificationCheck.Failed(Catalog, $"{catalog.Server} does not hold a Global Catalog that is ready.", "Wait until it is, or check the DNS records _ldap._tcp.gc._msdcs of the forest."));
        foreach (var attribute in options.Match.Select(rule => rule.Target).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var filter = LdapFilter.And(LdapFilter.Equal("objectClass", "attributeSchema"), LdapFilter.Equal("lDAPDisplayName", attribute));
            var request = new LdapSearchRequest(root.GetString("schemaNamingContext") ?? "", LdapSearchScope.OneLevel, filter, "isMemberOfPartialAttributeSet");
            var definition = (await catalog.SearchAsync(request, cancellationToken)).Entries.SingleOrDefault();
            checks.Add(definition?.GetString("isMemberOfPartialAttributeSet") == "TRUE"
                ? VerificationCheck.Passed(Match, $"The Global Catalog has {attribute}.")
                : VerificationCheck.Failed(
                    Match,
                    definition is null ? $"The forest has no attribute {attribute}." : $"The Global Catalog does not have {attribute}: it is not in the partial attribute set, so no account is found by it.",
                    "Match by another attribute, like userPrincipalName or mail, or add it to the partial attribute set."));
        }
    }

    private void CheckSources(ForestDomains domains)
    {
        foreach (var name in options.Forest!.Sources.Keys.Where(name => domains.All.All(domain => !domain.DnsName.Equals(name, StringComparison.OrdinalIgnoreCase))).Order(StringComparer.Ordinal))
        {
            checks.Add(VerificationCheck.Failed(Sources, $"The forest has no domain {name}; it has {domains}.", "Check sources."));
        }
    }

    /// <summary>
    /// First one that needs a bind, alone, then a few at once, so that those that are silent do not cost their time-outs one after the other. After a refusal of the service's credential no
    /// other is asked: each would count one more wrong password of the same account.
    /// </summary>
    private async Task<IReadOnlyList<(VerificationCheck Check, ImmutableArray<PasswordPolicy> Policies)>> CheckDomainsAsync(ForestDomains domains, CancellationToken cancellationToken)
    {
        var refusedBefore = forest.Account.Last;
        var found = new (VerificationCheck Check, ImmutableArray<PasswordPolicy> Policies)[domains.All.Length];
        var first = Math.Max(0, domains.All.IndexOf(domains.All.FirstOrDefault(domain => !forest.IsConnected(domain))!));
        await CheckAsync(first, cancellationToken);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, found.Length).Where(i => i != first), new ParallelOptions { MaxDegreeOfParallelism = DomainsAtOnce, CancellationToken = cancellationToken }, CheckAsync);
        return found;

        async ValueTask CheckAsync(int i, CancellationToken token)
        {
            var domain = domains.All[i];
            var isRefused = forest.Account.Last is { } refused && refused != refusedBefore;
            found[i] = isRefused && !forest.IsConnected(domain)
                ? (VerificationCheck.NotRun(NameOf(domain), "A domain refused the bind account, and the others are not asked, so that the account is not locked.", "See the check of that domain, then verify again."), [])
                : await CheckDomainAsync(domain, token);
        }
    }

    private static string NameOf(ForestDomain domain) => $"domain {domain.DnsName}";

    private async Task<(VerificationCheck Check, ImmutableArray<PasswordPolicy> Policies)> CheckDomainAsync(ForestDomain domain, CancellationToken cancellationToken)
    {
        var name = NameOf(domain);
        try
        {
            var (home, obstacle) = await forest.OpenDomainAsync(domain, evenIfRefused: true, cancellationToken);
            if (home is null) return (VerificationCheck.Failed(name, obstacle!.Explain()!, "Check its DNS records, the node's allow-list of end points, the network, trustedRoots and that the bind account may sign in there."), []);
            var connection = home.Connection;
            if (await DomainFacts.ReadAsync(connection, cancellationToken) is not { } facts) return (VerificationCheck.Failed(name, $"{connection.Server} is not a domain controller.", "Check the domain's DNS records."), []);
            var policies = (await ActiveDirectoryVerification.ReadPoliciesAsync(connection, cancellationToken)).Select(policy => policy with { Name = $"{policy.Name} of {domain.DnsName}" });
            return (await JudgeAsync(name, home, facts, cancellationToken), [.. policies]);
        }
        catch (LdapException e)
        {
            return (VerificationCheck.Failed(name, e.Message, ReadRefusals.Classify(e).Explain()!), []);
        }
    }

    private static async Task<VerificationCheck> JudgeAsync(string name, AccountHome home, DomainFacts facts, CancellationToken cancellationToken)
    {
        if (home.Source is not null && facts.InvocationId is null)
        {
            return VerificationCheck.Failed(name, $"The bind account may not read the invocationId of {facts}.", "Let it read the configuration partition: without it, echoes cannot be told (sources).");
        }

        var pdc = await ActiveDirectoryVerification.CheckPdcAsync(home.Connection, facts, cancellationToken);
        var finding = $"{home.Connection.Server} answers. {pdc.Finding}";
        return pdc.Result == VerificationResult.Warned ? VerificationCheck.Warned(name, finding, pdc.Remedy!) : VerificationCheck.Passed(name, finding);
    }

    private async Task CheckRightsAsync(LdapConnection catalog, CancellationToken cancellationToken)
    {
        if (options.VerifyAccount is not { } name)
        {
            checks.Add(ActiveDirectoryVerification.RightsNotRun);
            return;
        }

        var rule = new MatchRule(SourceAttribute.SamAccountName, "sAMAccountName");
        var listed = await AccountLookup.FindInCatalogAsync(catalog, options.Base ?? "", rule, name, cancellationToken);
        if (listed is not [var one] || one.GetGuid(AccountLookup.ObjectGuid) is not { } id)
        {
            var what = listed.Count == 0 ? "No account" : "More than one account";
            checks.Add(VerificationCheck.Failed(ActiveDirectoryVerification.Rights, $"{what} of a person in the forest is called {name}: {string.Join("; ", listed.Select(entry => entry.Dn))}.", "Check verifyAccount: it is the sAMAccountName of one account of the forest."));
            return;
        }

        var (home, obstacle) = await forest.OpenDomainOfAsync(catalog, one.Dn, cancellationToken);
        var account = home is null ? null : await AccountLookup.FindAtHomeAsync(home.Connection, id.ToString("D"), rule, name, cancellationToken);
        if (account is null) checks.Add(VerificationCheck.Failed(ActiveDirectoryVerification.Rights, obstacle?.Explain() ?? $"Its domain does not have {one.Dn} any more.", "See the check of its domain."));
        else await ActiveDirectoryVerification.CheckAccountAsync(home!.Connection, account, options, checks, cancellationToken);
    }
}
