using System.Runtime.CompilerServices;
using System.Text;
using PasswordSync.Ldap.Wire;

namespace PasswordSync.Ldap;

/// <remarks>
/// All operations throw <see cref="LdapException"/> for every failure and for every answer that is not success, and
/// <see cref="LdapRequestCanceledException"/> if the caller's token ended the waiting.
/// </remarks>
public sealed partial class LdapConnection
{
    /// <summary>How many pages in a row may be empty before a paged search is given up.</summary>
    private const int EmptyPagesMax = 100;

    /// <summary>
    /// Searches and returns what was found as a whole. If the server cuts off at a limit of its own, that is an exception, not a short
    /// list; a list cut off at the request's <see cref="LdapSearchRequest.SizeLimit"/> is returned.
    /// </summary>
    public async Task<LdapSearchResult> SearchAsync(LdapSearchRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var collector = new SearchResponse(options);
        await AskAsync(request, collector, isAlone: false, cancellationToken).ConfigureAwait(false);
        var response = collector.Response;
        var expected = response.IsComplete || (response.Result.Code == LdapResultCode.SizeLimitExceeded && request.SizeLimit > 0);
        return expected ? response : throw Refusal(request, response.Result);
    }

    /// <summary>
    /// Searches page by page (RFC 2696), so that any number of entries can be read within bounded memory. The request's time-out holds for
    /// each page. A caller may stop at any entry.
    /// </summary>
    /// <param name="request">The search; its own controls are sent along with each page.</param>
    /// <param name="pageSize">Entries per page, 1 to <see cref="LdapOptions.SearchEntriesMax"/>; servers may send fewer.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async IAsyncEnumerable<LdapEntry> SearchPagedAsync(
        LdapSearchRequest request,
        int pageSize,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageSize, options.SearchEntriesMax);
        var cookie = ReadOnlyMemory<byte>.Empty;
        long count = 0;
        var emptyPages = 0;
        do
        {
            var page = await SearchAsync(request.WithControls([.. request.Controls, PagedResults.Request(pageSize, cookie)]), cancellationToken).ConfigureAwait(false);
            emptyPages = page.Entries.Count == 0 ? emptyPages + 1 : 0;
            if (emptyPages > EmptyPagesMax) throw Exceeded($"{Server} sent {emptyPages} empty pages in a row.");
            foreach (var entry in page.Entries)
            {
                if (++count > options.PagedEntriesMax)
                    throw Exceeded($"The search found more than {options.PagedEntriesMax} entries ({nameof(LdapOptions.PagedEntriesMax)}).");
                yield return entry;
            }

            cookie = PagedResults.Cookie(page.Result);
        }
        while (!cookie.IsEmpty);
    }

    /// <summary>Changes an object.</summary>
    public Task<LdapResult> ModifyAsync(LdapModifyRequest request, CancellationToken cancellationToken) =>
        ResultAsync(request, LdapTags.ModifyResponse, isAlone: false, cancellationToken);

    /// <summary>Whether the object has the value.</summary>
    public async Task<bool> CompareAsync(LdapCompareRequest request, CancellationToken cancellationToken)
    {
        var response = new SingleResponse<LdapResult>(message => ResponseParser.Result(message, LdapTags.CompareResponse));
        await AskAsync(request, response, isAlone: false, cancellationToken).ConfigureAwait(false);
        return response.Response.Code switch
        {
            LdapResultCode.CompareTrue => true,
            LdapResultCode.CompareFalse => false,
            _ => throw Refusal(request, response.Response),
        };
    }

    /// <summary>Sets a password (RFC 3062).</summary>
    /// <returns>The password that the server made, as the caller's own bytes to wipe; null if it made none.</returns>
    public async Task<byte[]?> PasswordModifyAsync(LdapPasswordModifyRequest request, CancellationToken cancellationToken)
    {
        var response = await AskExtendedAsync(request, cancellationToken).ConfigureAwait(false);
        return response.Value is { } value ? PasswordModifyResponse.TakeGeneratedPassword(value) : null;
    }

    /// <summary>Who the server takes this connection for (RFC 4532), such as <c>dn:cn=...</c> or <c>u:DOMAIN\name</c>; empty for nobody.</summary>
    public async Task<string> WhoAmIAsync(CancellationToken cancellationToken)
    {
        var response = await AskExtendedAsync(new LdapExtendedRequest(LdapExtendedRequest.WhoAmIOid, null), cancellationToken).ConfigureAwait(false);
        return response.Value is { } value ? Encoding.UTF8.GetString(value.Span) : "";
    }

    private async Task<LdapExtendedResult> AskExtendedAsync(LdapRequest request, CancellationToken cancellationToken)
    {
        var response = new SingleResponse<LdapExtendedResult>(ResponseParser.Extended);
        await AskAsync(request, response, isAlone: false, cancellationToken).ConfigureAwait(false);
        return response.Response.Result.Code == LdapResultCode.Success ? response.Response : throw Refusal(request, response.Response.Result);
    }

    private async Task<LdapResult> ResultAsync(LdapRequest request, int responseOperation, bool isAlone, CancellationToken cancellationToken)
    {
        var response = new SingleResponse<LdapResult>(message => ResponseParser.Result(message, responseOperation));
        await AskAsync(request, response, isAlone, cancellationToken).ConfigureAwait(false);
        return response.Response.Code == LdapResultCode.Success ? response.Response : throw Refusal(request, response.Response);
    }

    private Task AskAsync(LdapRequest request, IResponseCollector collector, bool isAlone, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.HoldsSecret && !IsEncrypted && !options.AllowSecretsInClear)
        {
            throw new LdapException(
                LdapErrorKind.EncryptionRequired,
                $"The {request.Operation} holds a secret and the connection to {Server} is not encrypted; it was not sent. Use Ldaps, StartTls or a Negotiate credential.");
        }

        return pipeline.AskAsync(request, collector, isAlone, cancellationToken);
    }

    private LdapException Refusal(LdapRequest request, LdapResult result) => LdapException.Answered(request.Operation, Server.ToString(), result);

    private static LdapException Exceeded(string message) => new(LdapErrorKind.BoundExceeded, message) { RequestWasSent = LdapSent.Yes };
}
