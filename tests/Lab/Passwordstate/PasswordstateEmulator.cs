using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PasswordSync.Lab;

/// <summary>A record of the emulated list.</summary>
public sealed record PasswordstateItem(int Id, string UserName, string Email, string Domain, string Password);

/// <summary>
/// The part of Passwordstate's API with keys that a password synchronisation meets, by Click Studios' published rules: a key belongs to one
/// list, may be one that only reads, searches find what contains a value, and errors have a message and a phrase.
/// </summary>
public sealed class PasswordstateEmulator : IAsyncDisposable
{
    public const int List = 117;
    public const string Key = "a94f3cb5d2e8647b";
    public const string ReadingKey = "0000000000000001";

    private readonly ConcurrentDictionary<int, PasswordstateItem> _items = new();
    private (int Status, string? RetryAfter)? _next;
    private int _count;
    private WebEmulator? _web;

    private PasswordstateEmulator() { }

    public IPEndPoint EndPoint => _web!.EndPoint;

    public string AuthorityFile => _web!.AuthorityFile;

    /// <summary>The records whose passwords were shown, in order.</summary>
    public ConcurrentQueue<int> Shown { get; } = new();

    public static async Task<PasswordstateEmulator> StartAsync(CancellationToken cancellationToken)
    {
        var emulator = new PasswordstateEmulator();
        emulator._web = await WebEmulator.StartAsync(emulator.Map, cancellationToken);
        return emulator;
    }

    public int Add(string userName, string email, string domain, string password)
    {
        var id = Interlocked.Increment(ref _count);
        _items[id] = new PasswordstateItem(id, userName, email, domain, password);
        return id;
    }

    public void Remove(string userName)
    {
        foreach (var item in _items.Values.Where(item => item.UserName == userName)) _items.TryRemove(item.Id, out _);
    }

    public IReadOnlyList<string> PasswordsOf(string userName) => [.. _items.Values.Where(item => item.UserName == userName).Select(item => item.Password)];

    public void Set(string userName, string password)
    {
        foreach (var item in _items.Values.Where(item => item.UserName == userName)) _items[item.Id] = item with { Password = password };
    }

    /// <summary>The next write gets this status instead of being done.</summary>
    public void AnswerNextWrite(int status, string? retryAfter) => _next = (status, retryAfter);

    public ValueTask DisposeAsync() => _web!.DisposeAsync();

    private void Map(WebApplication application)
    {
        application.MapGet("/api/searchpasswords/{list:int}", context => WithKeyAsync(context, mayOnlyRead: true, () => SearchAsync(context)));
        application.MapGet("/api/passwords/{id:int}", context => WithKeyAsync(context, mayOnlyRead: true, () => ShowAsync(context)));
        application.MapPut("/api/passwords", context => WithKeyAsync(context, mayOnlyRead: false, () => UpdateAsync(context)));
        application.MapFallback(context => FailAsync(context, 404, "Not Found", "The emulator has no such path."));
    }

    private static async Task WithKeyAsync(HttpContext context, bool mayOnlyRead, Func<Task> serve)
    {
        var key = context.Request.Headers["APIKey"].ToString();
        if (key != Key && key != ReadingKey) await FailAsync(context, 403, "Forbidden", "An invalid API Key was used for this request. Please check and try again.");
        else if (key == ReadingKey && !mayOnlyRead) await FailAsync(context, 403, "Forbidden", "The API Key is not allowed to update passwords in this Password List.");
        else await serve();
    }

    private async Task SearchAsync(HttpContext context)
    {
        if (context.Request.RouteValues["list"]?.ToString() != List.ToString(CultureInfo.InvariantCulture))
        {
            await FailAsync(context, 403, "Forbidden", "The API Key does not belong to this Password List.");
            return;
        }

        var query = context.Request.Query;
        bool Contains(string name, string value) => query[name].ToString() is { Length: > 0 } text && value.Contains(text, StringComparison.OrdinalIgnoreCase);
        var found = _items.Values.Where(item => Contains("UserName", item.UserName) || Contains("Email", item.Email)).ToList();
        var isHidden = query["ExcludePassword"] == "true";
        if (found.Count == 0) await FailAsync(context, 404, "Not Found", "The search did not return any results.");
        else await context.Response.WriteAsJsonAsync(found.Select(item => Show(item, isHidden)), options: null, contentType: null, context.RequestAborted);
    }

    private async Task ShowAsync(HttpContext context)
    {
        var id = int.Parse((string)context.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);
        if (!_items.TryGetValue(id, out var item)) await FailAsync(context, 404, "Not Found", "The password does not exist.");
        else await context.Response.WriteAsJsonAsync(new[] { Show(item, isHidden: false) }, options: null, contentType: null, context.RequestAborted);
    }

    private async Task UpdateAsync(HttpContext context)
    {
        if (_next is var (status, retryAfter))
        {
            _next = null;
            if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
            await FailAsync(context, status, "Refused", "Out of turn.");
            return;
        }

        using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        if (context.Request.ContentType != "application/json" || !body.RootElement.TryGetProperty("PasswordID", out var id)) await FailAsync(context, 400, "Bad Request", "The PasswordID is missing.");
        else if (!_items.TryGetValue(id.GetInt32(), out var item)) await FailAsync(context, 404, "Not Found", "The record does not exist.");
        else if (body.RootElement.GetProperty("password").GetString() is not { Length: >= 8 } password) await FailAsync(context, 400, "Bad Request", $"The password '{body.RootElement.GetProperty("password")}' is a Bad Password.");
        else
        {
            _items[item.Id] = item with { Password = password };
            await context.Response.WriteAsJsonAsync(new[] { Show(_items[item.Id], isHidden: false) }, options: null, contentType: null, context.RequestAborted);
        }
    }

    private Dictionary<string, object> Show(PasswordstateItem item, bool isHidden)
    {
        if (!isHidden) Shown.Enqueue(item.Id);
        return new Dictionary<string, object>
        {
            ["PasswordID"] = item.Id,
            ["Title"] = $"{item.UserName} at {item.Domain}",
            ["Domain"] = item.Domain,
            ["UserName"] = item.UserName,
            ["Email"] = item.Email,
            ["Password"] = isHidden ? "" : item.Password,
        };
    }

    private static Task FailAsync(HttpContext context, int status, string message, string phrase)
    {
        context.Response.StatusCode = status;
        object[] errors = [new { message }, new { phrase }];
        return context.Response.WriteAsJsonAsync(new[] { new { errors } }, options: null, contentType: null, context.RequestAborted);
    }
}
