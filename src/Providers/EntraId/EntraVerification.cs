using System.Collections.Immutable;
using Microsoft.Graph.Models;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Policies;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.EntraId;

/// <summary>Makes a call and turns its expected failures into what they mean.</summary>
internal delegate Task<(object? Result, DeliveryOutcome? Obstacle)> GraphQuestion(Func<Task<object>> call, Func<string, string> redact);

/// <summary>Checks an <c>entraId</c> point: token, permissions, and whether somebody else manages the tenant's passwords.</summary>
internal sealed class EntraVerification(GraphConnection graph, EntraIdOptions options, GraphQuestion ask)
{
    private const string Credentials = "credentials";
    private const string Rights = "rights";
    private const string Users = "users";
    private const string Synchronisation = "synchronisation";
    private const string Federation = "federation";

    /// <summary>The longest expiry; what is longer is never. Entra ID takes up to 730 days, and 2,147,483,647 for never.</summary>
    private const int DaysMax = 36_500;

    public async Task<VerificationReport> RunAsync(string? token, DeliveryOutcome? obstacle, CancellationToken cancellationToken)
    {
        if (token is null)
        {
            return new VerificationReport(
            [
                VerificationCheck.Failed(Credentials, obstacle!.Explain()!, "Check tenant, clientId, the application's secret or certificate, authority and trustedRoots."),
                .. new[] { Rights, Users, Synchronisation, Federation }.Select(name => VerificationCheck.NotRun(name, "There is no token.", remedy: null)),
            ]);
        }

        var (domains, hidden) = await ReadDomainsAsync(cancellationToken);
        return new VerificationReport(
        [
            VerificationCheck.Passed(Credentials, $"{options.Authority.Server} gave a token for {options.ClientId}."),
            CheckRights(token),
            await CheckUsersAsync(cancellationToken),
            await CheckSynchronisationAsync(cancellationToken),
            CheckFederation(domains, hidden),
        ])
        { Policies = hidden is null ? [PolicyOf(domains)] : [] };
    }

    private static VerificationCheck CheckRights(string token)
    {
        if (GraphRights.RolesOf(token) is not { } roles) return VerificationCheck.NotRun(Rights, "The token does not show its permissions.", "See the first deliveries.");
        var has = roles.IsEmpty ? "none" : string.Join(", ", roles.Order(StringComparer.Ordinal));
        if (!GraphRights.AllowWriting(roles)) return VerificationCheck.Failed(Rights, $"The application may not set passwords; its permissions: {has}.", GraphRights.ExplainWriting);
        return GraphRights.AllowReading(roles)
            ? VerificationCheck.Passed(Rights, $"The application's permissions: {has}. They do not reach users with administrator roles, unless the application holds such a role itself.")
            : VerificationCheck.Failed(Rights, $"The application may not read users; its permissions: {has}.", GraphRights.ExplainReading);
    }

    private async Task<VerificationCheck> CheckUsersAsync(CancellationToken cancellationToken)
    {
        var (_, obstacle) = await ask(
            async () => (await graph.Client.Users.GetAsync(
                request =>
                {
                    request.QueryParameters.Top = 1;
                    request.QueryParameters.Select = ["id", "lastPasswordChangeDateTime"];
                },
                cancellationToken))!,
            Redactor.Tidy);
        return obstacle is null
            ? VerificationCheck.Passed(Users, $"Users can be read at {options.Graph.Server}.")
            : VerificationCheck.Failed(Users, obstacle.Explain()!, GraphRights.ExplainReading);
    }

    /// <summary>With password hash sync the two would fight: whichever comes last wins, and that may be the older password.</summary>
    private async Task<VerificationCheck> CheckSynchronisationAsync(CancellationToken cancellationToken)
    {
        var (answer, obstacle) = await ask(
            async () => (await graph.Client.Organization.GetAsync(request => request.QueryParameters.Select = ["id", "onPremisesSyncEnabled"], cancellationToken))!, Redactor.Tidy);
        if (obstacle is not null)
        {
            return VerificationCheck.NotRun(Synchronisation, obstacle.Explain()!, "Grant Organization.Read.All to have this checked, or see for yourself that Entra Connect does not synchronise password hashes.");
        }

        var isSynchronised = ((OrganizationCollectionResponse)answer!).Value?.Any(organization => organization.OnPremisesSyncEnabled == true) == true;
        if (!isSynchronised) return VerificationCheck.Passed(Synchronisation, "No directory is synchronised to the tenant.");

        var (feature, hidden) = await ask(async () => (await graph.Client.Directory.OnPremisesSynchronization.GetAsync(cancellationToken: cancellationToken))!, Redactor.Tidy);
        const string remedy = "Switch password hash sync off, or use it in place of this point: with both, the one that comes last wins, which may be the older password.";
        if (hidden is not null) return VerificationCheck.Warned(Synchronisation, "A directory is synchronised to the tenant; whether its password hashes are cannot be read (OnPremDirectorySynchronization.Read.All).", remedy);
        var hashes = ((OnPremisesDirectorySynchronizationCollectionResponse)feature!).Value?.Any(item => item.Features?.PasswordSyncEnabled == true) == true;
        return hashes
            ? VerificationCheck.Warned(Synchronisation, "Entra Connect synchronises password hashes to the tenant.", remedy)
            : VerificationCheck.Passed(Synchronisation, "A directory is synchronised to the tenant, without password hashes.");
    }

    private async Task<(ImmutableArray<Domain> Domains, DeliveryOutcome? Obstacle)> ReadDomainsAsync(CancellationToken cancellationToken)
    {
        var (answer, obstacle) = await ask(
            async () => (await graph.Client.Domains.GetAsync(request => request.QueryParameters.Select = ["id", "authenticationType", "passwordValidityPeriodInDays"], cancellationToken))!, Redactor.Tidy);
        return ([.. ((DomainCollectionResponse?)answer)?.Value ?? []], obstacle);
    }

    private static VerificationCheck CheckFederation(ImmutableArray<Domain> domains, DeliveryOutcome? obstacle)
    {
        if (obstacle is not null) return VerificationCheck.NotRun(Federation, obstacle.Explain()!, "Grant Domain.Read.All to have this checked, and passwords' expiry compared.");
        var federated = domains.Where(IsFederated).Select(domain => domain.Id).ToList();
        return federated.Count == 0
            ? VerificationCheck.Passed(Federation, "No domain of the tenant is federated.")
            : VerificationCheck.Warned(Federation, $"These domains are federated: {Redactor.Tidy(string.Join(", ", federated))}.", "Leave their users out of the point's scope: their passwords live at the identity provider.");
    }

    /// <summary>With the soonest expiry of the domains whose passwords the tenant keeps. Where a domain names none it depends on the tenant's age, so that is not known.</summary>
    private static PasswordPolicy PolicyOf(ImmutableArray<Domain> domains)
    {
        var ages = domains.Where(domain => !IsFederated(domain)).Select(domain => domain.PasswordValidityPeriodInDays).OfType<int>().Where(days => days > 0).Order().ToList();
        return PasswordPolicy.Of(EntraPasswords.Limits) with
        {
            Name = "Entra ID's policy",
            AgeMax = ages is [] ? null : ages[0] > DaysMax ? TimeSpan.MaxValue : TimeSpan.FromDays(ages[0]),
        };
    }

    private static bool IsFederated(Domain domain) => domain.AuthenticationType == "Federated";
}
