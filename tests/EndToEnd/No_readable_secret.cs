using System.Text;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>I5: a canary password is searched for wherever this product leaves bytes.</summary>
public sealed class No_readable_secret(Landscape landscape)
{
    private const string Canary = "Canary.Zw1tscher.2026";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 240_000)]
    public async Task I5_a_canary_is_in_no_file_argument_or_environment_of_the_product()
    {
        var user = landscape.NextUser();
        (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", Canary, Token)).Accepted.ShouldBeTrue();
        await landscape.ArrivesEverywhereAsync(user, Canary, Token);

        var files = Directory.EnumerateFiles(landscape.Folder, "*", SearchOption.AllDirectories).Where(file => !file.Contains("/secrets/", StringComparison.Ordinal) && !file.EndsWith(".sock", StringComparison.Ordinal)).ToList();
        files.Count.ShouldBeGreaterThan(10, "the search must look at configurations, databases, spools and logs");
        files.ShouldContain(file => file.EndsWith("node.db", StringComparison.Ordinal));

        // Files that their process keeps locked cannot be read here; they are locks and nothing else, so they must be empty.
        foreach (var file in files.Where(IsLock)) new FileInfo(file).Length.ShouldBe(0, file);
        foreach (var file in files.Where(file => !IsLock(file))) Find(await ReadAsync(file)).ShouldBeNull(file);
        foreach (var process in landscape.Product.Edges.Values.Append(landscape.Product.Node).SelectMany(product => product.ProcessIds))
        {
            Find(await ReadAsync($"/proc/{process}/cmdline")).ShouldBeNull("arguments");
            Find(await ReadAsync($"/proc/{process}/environ")).ShouldBeNull("environment");
        }
    }

    [Fact]
    public void The_search_finds_a_canary_in_every_form_that_it_looks_for()
    {
        foreach (var (form, bytes) in Forms()) Find([.. "before "u8, .. bytes, .. " after"u8]).ShouldBe(form);
    }

    private static string? Find(byte[] content) => Forms().Where(form => content.AsSpan().IndexOf(form.Bytes) >= 0).Select(form => form.Name).FirstOrDefault();

    private static bool IsLock(string file) => file.EndsWith(".lock", StringComparison.Ordinal);

    private static IEnumerable<(string Name, byte[] Bytes)> Forms()
    {
        var (utf8, utf16) = (Encoding.UTF8.GetBytes(Canary), Encoding.Unicode.GetBytes(Canary));
        yield return ("UTF-8", utf8);
        yield return ("UTF-16", utf16);
        yield return ("hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(utf8)));
        yield return ("lower hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(utf8)));
        yield return ("base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(utf8)[..^4]));
        yield return ("base64 of UTF-16", Encoding.ASCII.GetBytes(Convert.ToBase64String(utf16)[..^4]));
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, Token);
        return copy.ToArray();
    }
}
