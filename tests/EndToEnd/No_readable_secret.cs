using System.Text;
using PasswordSync.EndToEnd.Support;
using PasswordSync.Lab;
using Shouldly;
using Xunit;

namespace PasswordSync.EndToEnd;

/// <summary>I5: a canary password is searched for wherever this product leaves bytes.</summary>
public sealed class No_readable_secret(Landscape landscape)
{
    // Long enough for every policy here but that of beta in one of the tests, which is as strict as Samba lets it be.
    private const string Canary = "Canary.Zw1ts";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 600_000)]
    public async Task I5_a_canary_is_in_no_file_argument_or_environment_of_the_product()
    {
        var user = landscape.NextUser();
        (await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", Canary, Token)).Accepted.ShouldBeTrue();
        await landscape.ArrivesEverywhereAsync(user, Canary, Token);

        await SearchAsync("delivered");
    }

    [Fact(Timeout = 600_000)]
    public async Task I5_a_canary_is_nowhere_while_it_waits_in_the_drop_folder_in_the_spool_or_parked_or_after_a_kill_on_its_way()
    {
        var (node, edge) = (landscape.Product.Node, landscape.Product.Edges[landscape.Alpha.First]);
        var (first, second) = (landscape.NextUser(), landscape.NextUser());
        var drop = Path.Combine(landscape.Product.EdgeFolder(landscape.Alpha.First), "drop");
        await landscape.Beta.SetPasswordPolicyAsync(new PasswordPolicy { MinimumLength = 14 }, Token);
        try
        {
            await edge.KillAsync(Token);
            await ChangeAsync(first);
            Directory.EnumerateFiles(drop).ShouldNotBeEmpty();
            await SearchAsync("in the drop folder");

            await node.KillAsync(Token);
            await edge.StartAsync(Token);
            await Eventually.HoldsAsync("the spool to take what was dropped", Landscape.ArrivalBound, _ => Task.FromResult(!Directory.EnumerateFiles(drop).Any()), Token);
            await SearchAsync("in the spool, no node up");

            var said = landscape.NodeLogEnd;
            await node.StartAsync(Token);
            await landscape.NodeSaysAsync(said, Token, "beta: change", "is parked: RefusedByPolicy");
            await SearchAsync("parked");
            var tools = new OperatorsTools(landscape);
            foreach (var words in new string[][] { ["sync", "parked", "list"], ["sync", "explain", first.AccountName], ["--json", "sync", "export"], ["log", "peek"] })
            {
                Find(Encoding.UTF8.GetBytes(await tools.PbmAsync(Token, words))).ShouldBeNull(string.Join(' ', words));
            }

            await ChangeAsync(second);
            await node.KillAsync(Token);
            await SearchAsync("on its way through a node that was killed");
            await node.StartAsync(Token);
            await landscape.ArrivesInGammaAsync(second, Canary, Token);
            await SearchAsync("delivered after the kill");
        }
        finally
        {
            foreach (var process in new[] { node, edge }.Where(process => !process.IsRunning)) await process.StartAsync(CancellationToken.None);
            await landscape.Beta.SetPasswordPolicyAsync(new PasswordPolicy(), CancellationToken.None);
        }
    }

    [Fact]
    public void The_search_finds_a_canary_in_every_form_that_it_looks_for()
    {
        foreach (var (form, bytes) in Forms()) Find([.. "before "u8, .. bytes, .. " after"u8]).ShouldBe(form);
    }

    private async Task ChangeAsync(LabUser user)
    {
        var result = await landscape.Alpha.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", Canary, Token);
        result.Accepted.ShouldBeTrue(result.Diagnostics);
    }

    private async Task SearchAsync(string state)
    {
        var files = Directory.EnumerateFiles(landscape.Folder, "*", SearchOption.AllDirectories).Where(file => !file.Contains("/secrets/", StringComparison.Ordinal) && !file.EndsWith(".sock", StringComparison.Ordinal)).ToList();
        files.Count.ShouldBeGreaterThan(10, "the search must look at configurations, databases, spools and logs");
        files.ShouldContain(file => file.EndsWith("node.db", StringComparison.Ordinal));

        // Files that their process keeps locked cannot be read here; they are locks and nothing else, so they must be empty.
        foreach (var file in files.Where(IsLock)) new FileInfo(file).Length.ShouldBe(0, $"{state}: {file}");
        foreach (var file in files.Where(file => !IsLock(file))) Find(await ReadAsync(file)).ShouldBeNull($"{state}: {file}");
        foreach (var process in landscape.Product.Edges.Values.Append(landscape.Product.Node).SelectMany(product => product.ProcessIds))
        {
            Find(await ReadAsync($"/proc/{process}/cmdline")).ShouldBeNull($"{state}: arguments");
            Find(await ReadAsync($"/proc/{process}/environ")).ShouldBeNull($"{state}: environment");
        }
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
        byte[]? content = null;
        await Eventually.HoldsAsync($"{file} to be readable", Landscape.ArrivalBound, async token => (content = await TryReadAsync(file, token)) is not null, Token);
        return content!;
    }

    /// <summary>Null while the running product has the file to itself, which it is just writing.</summary>
    private static async Task<byte[]?> TryReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy, cancellationToken);
            return copy.ToArray();
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // A spool segment or a log that the running product has done with since it was listed.
            return [];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
