using System.Net;
using Microsoft.AspNetCore.Builder;

namespace PasswordSync.Lab;

/// <summary>What a tenant is like.</summary>
public sealed record GraphEmulatorOptions
{
    public string Tenant { get; init; } = "6f0c1a0e-97a5-4f6a-8d0c-0a4b5b6f7c11";

    public required IReadOnlyList<GraphApplication> Applications { get; init; }

    /// <summary>How many writes each application may make within <see cref="QuotaWindow"/>. This and the further limits are as published, if not set otherwise: <see cref="GraphThrottle"/>.</summary>
    public int QuotaWrites { get; init; } = 3_000;

    public TimeSpan QuotaWindow { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>How many writes all applications together may make within <see cref="TenantQuotaWindow"/>.</summary>
    public int TenantQuotaWrites { get; init; } = 18_000;

    public TimeSpan TenantQuotaWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many resource units the requests of each application may cost within <see cref="ResourceUnitsWindow"/>; null for what is published for tenants with as many users.</summary>
    public int? ResourceUnits { get; init; }

    public TimeSpan ResourceUnitsWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock of the limits.</summary>
    public TimeProvider QuotaTime { get; init; } = TimeProvider.System;

    /// <summary>Whether a directory is synchronised to the tenant.</summary>
    public bool IsSynchronised { get; init; }

    /// <summary>Whether its password hashes are.</summary>
    public bool SynchronisesHashes { get; init; }

    /// <summary>After how many days passwords of the tenant's own domain expire; null if it does not say.</summary>
    public int? PasswordValidityDays { get; init; }

    /// <summary>The domain whose users sign in elsewhere; null if there is none.</summary>
    public string? FederatedDomain { get; init; }
}

/// <summary>
/// The part of Microsoft Graph and of its token end point that a password synchronisation meets, by Microsoft's published rules: paths, bodies,
/// headers, permissions, limits, errors. What is not published of them it refuses.
/// </summary>
public sealed class GraphEmulator : IAsyncDisposable
{
    private readonly WebEmulator _web;
    private readonly GraphTokens _tokens;
    private readonly GraphService _service;

    private GraphEmulator(WebEmulator web, GraphTokens tokens, GraphService service, GraphDirectory directory, string tenant)
    {
        _web = web;
        _tokens = tokens;
        _service = service;
        Directory = directory;
        Tenant = tenant;
    }

    public IPEndPoint EndPoint => _web.EndPoint;

    public Uri Url => new($"https://{EndPoint}/");

    public string AuthorityFile => _web.AuthorityFile;

    public string Tenant { get; }

    public GraphDirectory Directory { get; }

    /// <summary>How many tokens were given.</summary>
    public int TokensGiven => _tokens.Given;

    /// <summary>How many requests were refused because there were too many.</summary>
    public int Refusals => _service.Refusals;

    /// <summary>How many writes of all applications the quota's window holds that ends now.</summary>
    public int WritesInWindow => _service.WritesInWindow;

    /// <summary>The header <c>x-ms-throttle-priority</c> of each write.</summary>
    public IReadOnlyCollection<string> Priorities => _service.Priorities;

    public static async Task<GraphEmulator> StartAsync(GraphEmulatorOptions options, CancellationToken cancellationToken)
    {
        var directory = new GraphDirectory(TimeProvider.System);
        var tokens = new GraphTokens(options.Tenant, options.Applications, TimeProvider.System);
        var service = new GraphService(options, directory, tokens);
        var web = await WebEmulator.StartAsync(
            application =>
            {
                application.MapPost("/{tenant}/oauth2/v2.0/token", tokens.AnswerAsync);
                service.Map(application);
            },
            cancellationToken);
        return new GraphEmulator(web, tokens, service, directory, options.Tenant);
    }

    /// <summary>All tokens end at once.</summary>
    public void RevokeTokens() => _tokens.Revoke();

    /// <summary>
    /// The next request for a token is refused with this status. How many tokens are too many is not published, only the answer: 429 and <c>Retry-After: 60</c>
    /// (https://learn.microsoft.com/entra/msal/dotnet/advanced/client-and-server-throttling).
    /// </summary>
    /// <param name="status">The status code.</param>
    /// <param name="retryAfter">The header's value; null to leave it out.</param>
    public void RefuseNextToken(int status, string? retryAfter) => _tokens.Refusals.Enqueue((status, retryAfter));

    /// <summary>The next write gets this answer.</summary>
    public void AnswerNextWrite(GraphAnswer answer) => _service.Next.Enqueue(answer);

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}

/// <summary>An answer out of turn.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">The error's code.</param>
/// <param name="Message">The error's message; <c>{password}</c> in it is replaced with the one sent.</param>
/// <param name="RetryAfter">The header's value; null to leave it out.</param>
/// <param name="IsApplied">Whether the password is set all the same.</param>
public sealed record GraphAnswer(int Status, string Code, string Message, string? RetryAfter, bool IsApplied);
