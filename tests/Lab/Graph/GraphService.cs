using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PasswordSync.Lab;

/// <summary>The resources of the emulated Graph.</summary>
internal sealed class GraphService(GraphEmulatorOptions options, GraphDirectory directory, GraphTokens tokens)
{
    private const string NotAllowed = "Insufficient privileges to complete the operation.";
    private static readonly string[] Readers = ["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
    private static readonly string[] Writers = ["User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
    private static readonly string[] KnownPriorities = ["Low", "Normal", "High"];

    private readonly GraphThrottle _throttle = new(options, directory);
    private int _refusals;

    public int Refusals => _refusals;

    public int WritesInWindow => _throttle.WritesInWindow;

    public ConcurrentQueue<string> Priorities { get; } = new();

    public ConcurrentQueue<GraphAnswer> Next { get; } = new();

    public void Map(WebApplication application)
    {
        application.MapGet("/v1.0/users", context => WithAsync(context, Readers, _ => ListAsync(context)));
        application.MapGet("/v1.0/users/{id}", context => WithAsync(context, Readers, _ => ReadAsync(context)));
        application.MapPatch("/v1.0/users/{id}", context => WithAsync(context, Writers, caller => WriteAsync(context, caller)));
        application.MapGet("/v1.0/organization", context => WithAsync(context, ["Organization.Read.All"], _ =>
            ListAsync(context, [new { id = options.Tenant, onPremisesSyncEnabled = options.IsSynchronised ? true : (bool?)null }])));
        application.MapGet("/v1.0/directory/onPremisesSynchronization", context => WithAsync(context, ["OnPremDirectorySynchronization.Read.All"], _ =>
            ListAsync(context, [new { id = options.Tenant, features = new { passwordSyncEnabled = options.SynchronisesHashes } }])));
        application.MapGet("/v1.0/domains", context => WithAsync(context, ["Domain.Read.All"], _ => ListAsync(
            context,
            [
                Select(context, new() { ["id"] = "example.test", ["authenticationType"] = "Managed", ["passwordValidityPeriodInDays"] = options.PasswordValidityDays }),
                .. options.FederatedDomain is { } domain ? new object[] { Select(context, new() { ["id"] = domain, ["authenticationType"] = "Federated", ["passwordValidityPeriodInDays"] = 30 }) } : [],
            ])));
        application.MapFallback(context => FailAsync(context, 404, "UnknownError", "The emulator has no such path."));
    }

    private async Task WithAsync(HttpContext context, string[] permissions, Func<GraphApplication, Task> serve)
    {
        if (tokens.Of(context.Request) is not { } caller)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"\", error=\"invalid_token\"";
            await FailAsync(context, 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.");
        }
        else if (!caller.Permissions.Intersect(permissions).Any())
        {
            await FailAsync(context, 403, "Authorization_RequestDenied", NotAllowed);
        }
        else if (_throttle.Take(context, caller.ClientId) is { } refusal)
        {
            await ThrottleAsync(context, refusal);
        }
        else
        {
            await serve(caller);
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        var top = int.TryParse(context.Request.Query["$top"], CultureInfo.InvariantCulture, out var count) ? count : 100;
        if (context.Request.Query["$filter"].ToString() is not { Length: > 0 } filter) await ListAsync(context, [.. directory.All.Take(top).Select(user => Show(user, context))]);
        else if (GraphRules.ParseFilter(filter) is not var (property, value)) await FailAsync(context, 400, "Request_UnsupportedQuery", "Invalid filter clause.");
        else await ListAsync(context, [.. directory.Find(property, value).Take(top).Select(user => Show(user, context))]);
    }

    private async Task ReadAsync(HttpContext context)
    {
        if (Find(context) is { } user) await context.Response.WriteAsJsonAsync(Show(user, context), context.RequestAborted);
        else await FailNotFoundAsync(context);
    }

    private async Task WriteAsync(HttpContext context, GraphApplication caller)
    {
        Priorities.Enqueue(context.Request.Headers["x-ms-throttle-priority"].ToString());
        if (!KnownPriorities.Contains(Priorities.Last())) await FailAsync(context, 400, "BadRequest", "x-ms-throttle-priority is not one of Low, Normal, High.");
        else if (await ReadProfileAsync(context) is not var (password, mustChange)) await FailAsync(context, 400, "Request_BadRequest", "Invalid property or value in the request body.");
        else if (Next.TryDequeue(out var answer)) await AnswerAsync(context, answer, password, mustChange);
        else if (Find(context) is not { } user) await FailNotFoundAsync(context);
        else if (user.IsAdministrator && !caller.IsPrivilegedAuthenticationAdministrator) await FailAsync(context, 403, "Authorization_RequestDenied", NotAllowed);
        else if (user.IsMasteredOnPremises) await FailAsync(context, 400, "Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.");
        else if (options.FederatedDomain is { } domain && user.UserPrincipalName.EndsWith("@" + domain, StringComparison.OrdinalIgnoreCase)) await FailAsync(context, 400, "Request_BadRequest", "Cannot set a password of a federated user.");
        else if (!GraphRules.Takes(password)) await FailAsync(context, 400, "Request_BadRequest", "The specified password does not comply with password complexity requirements. Please provide a different password.");
        else Apply(context, user, password, mustChange);
    }

    private void Apply(HttpContext context, GraphUser user, string password, bool mustChange)
    {
        directory.Set(user.Id, password, mustChange);
        context.Response.StatusCode = 204;
    }

    private async Task AnswerAsync(HttpContext context, GraphAnswer answer, string password, bool mustChange)
    {
        if (answer.IsApplied) Apply(context, Find(context)!, password, mustChange);
        if (answer.RetryAfter is { } pause) context.Response.Headers.RetryAfter = pause;
        await FailAsync(context, answer.Status, answer.Code, answer.Message.Replace("{password}", password, StringComparison.Ordinal));
    }

    /// <summary>The answer of https://learn.microsoft.com/graph/throttling#sample-response, with the headers of identity and access.</summary>
    private async Task ThrottleAsync(HttpContext context, GraphRefusal refusal)
    {
        Interlocked.Increment(ref _refusals);
        context.Response.StatusCode = 429;
        context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(refusal.Wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["x-ms-throttle-scope"] = refusal.Scope;
        context.Response.Headers["x-ms-throttle-information"] = refusal.Information;
        var inner = new Dictionary<string, object>
        {
            ["code"] = "429",
            ["date"] = options.QuotaTime.GetUtcNow().ToString("s", CultureInfo.InvariantCulture),
            ["message"] = "Please retry after",
            ["request-id"] = Guid.NewGuid(),
            ["status"] = "429",
        };
        await context.Response.WriteAsJsonAsync(new { error = new { code = "TooManyRequests", innerError = inner, message = "Please retry again later." } }, context.RequestAborted);
    }

    /// <summary>The one body that is documented for this purpose, and no other.</summary>
    private static async Task<(string Password, bool MustChange)?> ReadProfileAsync(HttpContext context)
    {
        if (context.Request.ContentType?.Split(';')[0] != "application/json") return null;
        using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        if (body.RootElement.EnumerateObject().Select(property => property.Name).ToArray() is not ["passwordProfile"]) return null;
        var profile = body.RootElement.GetProperty("passwordProfile");
        if (profile.EnumerateObject().Any(property => property.Name is not ("password" or "forceChangePasswordNextSignIn" or "forceChangePasswordNextSignInWithMfa"))) return null;
        return profile.TryGetProperty("password", out var password) && password.ValueKind == JsonValueKind.String
            ? (password.GetString()!, profile.TryGetProperty("forceChangePasswordNextSignIn", out var must) && must.GetBoolean())
            : null;
    }

    private GraphUser? Find(HttpContext context) => directory.Find((string)context.Request.RouteValues["id"]!);

    /// <summary>Without <c>$select</c> the time of the last change is left out, as it is by Graph.</summary>
    private static Dictionary<string, object?> Show(GraphUser user, HttpContext context)
    {
        var all = new Dictionary<string, object?>
        {
            ["id"] = user.Id,
            ["userPrincipalName"] = user.UserPrincipalName,
            ["mail"] = user.Mail,
            ["onPremisesImmutableId"] = user.ImmutableId,
            ["userType"] = user.UserType,
            ["lastPasswordChangeDateTime"] = user.LastPasswordChange,
        };
        var selected = context.Request.Query["$select"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries);
        return all.Where(property => selected.Length == 0 ? property.Key is "id" or "userPrincipalName" or "mail" : selected.Contains(property.Key)).ToDictionary();
    }

    private static Dictionary<string, object?> Select(HttpContext context, Dictionary<string, object?> all)
    {
        var selected = context.Request.Query["$select"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries);
        return selected.Length == 0 ? all : all.Where(property => selected.Contains(property.Key)).ToDictionary();
    }

    private static Task ListAsync(HttpContext context, object[] items) => context.Response.WriteAsJsonAsync(new { value = items }, context.RequestAborted);

    private static Task FailNotFoundAsync(HttpContext context) =>
        FailAsync(context, 404, "Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present.");

    private static Task FailAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            new Dictionary<string, object> { ["error"] = new Dictionary<string, object> { ["code"] = code, ["message"] = message, ["innerError"] = new Dictionary<string, object> { ["request-id"] = Guid.NewGuid() } } }, context.RequestAborted);
    }
}
