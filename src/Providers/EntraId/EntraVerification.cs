using Microsoft.Graph;
using PasswordSync.Core.Deliveries;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.EntraId;

/// <summary>Makes a call and turns its expected failures into what they mean.</summary>
internal delegate Task<(object? Result, DeliveryOutcome? Obstacle)> GraphQuestion(Func<Task<object>> call, Func<string, string> redact);

/// <summary>Checks an <c>entraId</c> point: token, permissions, and whether somebody else manages the tenant's passwords.</summary>
internal sealed class EntraVerification(GraphServiceClient client, EntraIdOptions options, GraphQuestion ask)
{
    private const string Credentials = "credentials";
    private const string Rights = "rights";
    private const string Users = "users";
    private const string Synchronisation = "synchronisation";
    private const string Federation = "federation";

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

        return new VerificationReport(
        [
            VerificationCheck.Passed(Credentials, $"{options.Authority.Server} gave a token for {options.ClientId}."),
            CheckRights(token),
            await CheckUsersAsync(cancellationToken),
            await CheckSynchronisationAsync(cancellationToken),
            await CheckFederationAsync(cancellationToken),
        ]);
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
            async () => (await client.Users.GetAsync(
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
            async () => (await client.Organization.GetAsync(request => request.QueryParameters.Select = ["id", "onPremisesSyncEnabled"], cancellationToken))!, Redactor.Tidy);
        if (obstacle is not null)
        {
            return VerificationCheck.NotRun(Synchronisation, obstacle.Explain()!, "Grant Organization.Read.All to have this checked, or see for yourself that Entra Connect does not synchronise password hashes.");
        }

        var isSynchronised = ((Microsoft.Graph.Models.OrganizationCollectionResponse)answer!).Value?.Any(organization => organization.OnPremisesSyncEnabled == true) == true;
        if (!isSynchronised) return VerificationCheck.Passed(Synchronisation, "No directory is synchronised to the tenant.");

        var (feature, hidden) = await ask(async () => (await client.Directory.OnPremisesSynchronization.GetAsync(cancellationToken: cancellationToken))!, Redactor.Tidy);
        const string remedy = "Switch password hash sync off, or use it in place of this point: with both, the one that comes last wins, which may be the older password.";
        if (hidden is not null) return VerificationCheck.Warned(Synchronisation, "A directory is synchronised to the tenant; whether its password hashes are cannot be read (OnPremDirectorySynchronization.Read.All).", remedy);
        var hashes = ((Microsoft.Graph.Models.OnPremisesDirectorySynchronizationCollectionResponse)feature!).Value?.Any(item => item.Features?.PasswordSyncEnabled == true) == true;
        return hashes
            ? VerificationCheck.Warned(Synchronisation, "Entra Connect synchronises password hashes to the tenant.", remedy)
            : VerificationCheck.Passed(Synchronisation, "A directory is synchronised to the tenant, without password hashes.");
    }

    private async Task<VerificationCheck> CheckFederationAsync(CancellationToken cancellationToken)
    {
        var (answer, obstacle) = await ask(
            async () => (await client.Domains.GetAsync(request => request.QueryParameters.Select = ["id", "authenticationType"], cancellationToken))!, Redactor.Tidy);
        if (obstacle is not null) return VerificationCheck.NotRun(Federation, obstacle.Explain()!, "Grant Domain.Read.All to have this checked.");
        var federated = ((Microsoft.Graph.Models.DomainCollectionResponse)answer!).Value?.Where(domain => domain.AuthenticationType == "Federated").Select(domain => domain.Id).ToList() ?? [];
        return federated.Count == 0
            ? VerificationCheck.Passed(Federation, "No domain of the tenant is federated.")
            : VerificationCheck.Warned(Federation, $"These domains are federated: {Redactor.Tidy(string.Join(", ", federated))}.", "Leave their users out of the point's scope: their passwords live at the identity provider.");
    }
}
