using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using PasswordSync.Providers.Webhook;

namespace PasswordSync.Demo;

/// <summary>The second target: a service that takes signed webhooks, on a free port of this machine. It keeps a salted hash, as such a service should.</summary>
internal sealed class DemoReceiver : IAsyncDisposable
{
    private const int KeyLength = 32;
    private readonly ConcurrentDictionary<string, (byte[] Salt, byte[] Hash)> passwords = new(StringComparer.OrdinalIgnoreCase);
    private readonly WebApplication web;
    private readonly byte[] key;

    private DemoReceiver(WebApplication web, byte[] key)
    {
        this.web = web;
        this.key = key;
    }

    /// <summary>Where to send.</summary>
    public Uri Address => new(new Uri(web.Urls.First()), "/passwords");

    /// <param name="signingKey">The shared key.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    public static async Task<DemoReceiver> StartAsync(string signingKey, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var receiver = new DemoReceiver(web, Encoding.UTF8.GetBytes(signingKey));
        web.MapPost("/passwords", (Delegate)receiver.TakeAsync);
        await web.StartAsync(cancellationToken).ConfigureAwait(false);
        return receiver;
    }

    public bool SignIn(string login, string password) =>
        passwords.TryGetValue(login, out var known) && CryptographicOperations.FixedTimeEquals(known.Hash, Hash(password, known.Salt));

    public ValueTask DisposeAsync() => web.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        if (!WebhookSignature.IsValid(context.Request.Headers[WebhookSignature.HeaderName], key, body.ToArray(), TimeProvider.System.GetUtcNow())) return Results.Unauthorized();
        using var document = JsonDocument.Parse(body.ToArray());
        if (document.RootElement.GetProperty("event").GetString() != "password.set") return Results.Ok();
        var salt = RandomNumberGenerator.GetBytes(KeyLength);
        passwords[document.RootElement.GetProperty("account").GetString()!] = (salt, Hash(document.RootElement.GetProperty("password").GetString()!, salt));
        return Results.NoContent();
    }

    private static byte[] Hash(string password, byte[] salt) => Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, DemoUserTable.Iterations, HashAlgorithmName.SHA256, KeyLength);
}
