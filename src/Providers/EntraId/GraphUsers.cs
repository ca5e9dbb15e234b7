using Microsoft.Graph.Models;
using PasswordSync.Providers.Matching;

namespace PasswordSync.Providers.EntraId;

/// <summary>Finds users. Asks for named properties only: that halves what a request counts in Graph's quota.</summary>
internal sealed class GraphUsers(GraphConnection graph)
{
    private static readonly string[] Properties = ["id", "userPrincipalName", "userType", "lastPasswordChangeDateTime"];

    /// <returns>At most <see cref="AccountSearch.HitsMax"/>.</returns>
    public async Task<IReadOnlyList<User>> FindAsync(MatchRule rule, string value, CancellationToken cancellationToken)
    {
        var page = await graph.Client.Users.GetAsync(
            request =>
            {
                request.QueryParameters.Filter = $"{rule.Target} eq '{ValueFor(rule, value).Replace("'", "''", StringComparison.Ordinal)}'";
                request.QueryParameters.Select = Properties;
                request.QueryParameters.Top = AccountSearch.HitsMax;
            },
            cancellationToken);
        return page?.Value ?? [];
    }

    public async Task<User> ReadAsync(string id, CancellationToken cancellationToken) =>
        await graph.Client.Users[id].GetAsync(request => request.QueryParameters.Select = Properties, cancellationToken)
        ?? throw new InvalidOperationException("Microsoft Graph answered without a user.");

    /// <summary>The immutable id is the base64 form of objectGUID, or of ms-DS-ConsistencyGuid, which Entra Connect sets to objectGUID.</summary>
    private static string ValueFor(MatchRule rule, string value) =>
        rule is { Source: SourceAttribute.ObjectGuid, Target: EntraIdOptions.ImmutableId } ? Convert.ToBase64String(Guid.Parse(value).ToByteArray()) : value;
}
