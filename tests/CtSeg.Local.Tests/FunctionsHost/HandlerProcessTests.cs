using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CtSeg.Local.FunctionsHost;
using Newtonsoft.Json.Linq;
using Host = CtSeg.Local.FunctionsHost.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>The handler as a real process: a few lines of JavaScript.</summary>
public sealed class HandlerProcessTests
{
    private const string Script = """
        if (process.env.CTSEG_EXIT_WITH_STDIN === '1') process.stdin.on('end', () => process.exit(0)).resume();
        process.on('SIGTERM', () => {});
        console.log('pid ' + process.pid);
        require('http').createServer((request, response) => {
          if (request.url === '/api/exit') process.exit(3);
          response.setHeader('Content-Type', 'application/json');
          response.end(JSON.stringify(Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(FUNCTIONS_|Requests)/.test(name)).concat([['cwd', process.cwd()], ['pid', process.pid]]))));
        }).listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), '127.0.0.1');
        """;

    private const string Anything = """
        {"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","route":"{*path}"},{"type":"http","direction":"out","name":"res"}]}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivenARealHandler_WhenStarted_ThenItHasItsEnvironmentAndIsKilledWithTheHost()
    {
        await using TestHost test = await CreateAsync();
        int pid;
        await using (Host host = await test.StartAsync(options => options with { StartHandler = HandlerProcess.Start }))
        {
            JObject seen = await GetAsync(host, "/api/env");
            pid = (int)seen["pid"]!;
            ((string?)seen["FUNCTIONS_HTTPWORKER_PORT"]).ShouldBe((string?)seen["FUNCTIONS_CUSTOMHANDLER_PORT"]);
            ((string?)seen["FUNCTIONS_APP_ROOT_PATH"]).ShouldBe(test.Folder);
            Guid.TryParse((string?)seen["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], out _).ShouldBeTrue();
            ((string?)seen["Requests"]).ShouldBe("requests");
            ((string?)seen["cwd"]).ShouldBe(test.Folder);
            await Eventually.TrueAsync(() => test.Log.Lines(3004).Contains($"[handler] pid {pid}"), "its line is in the log");
        }

        Alive(pid).ShouldBeFalse();
    }

    [Fact]
    public async Task GivenARealHandlerThatExits_WhenCalledAgain_ThenANewOneAnswersAndTheThirdExitStopsTheHost()
    {
        await using TestHost test = await CreateAsync();
        Host host = await test.StartAsync(options => options with { StartHandler = HandlerProcess.Start });
        int pid = (int)(await GetAsync(host, "/api/env"))["pid"]!;

        await ExitAsync(host);
        ((int)(await GetAsync(host, "/api/env"))["pid"]!).ShouldNotBe(pid);
        await ExitAsync(host);
        await GetAsync(host, "/api/env");
        await ExitAsync(host);

        (await Should.ThrowAsync<FunctionAppException>(() => host.Completion.SoonAsync())).Message.ShouldContain("exited with code 3");
    }

    [Fact]
    public async Task GivenNoExecutable_WhenStarted_ThenTheMessageSaysWhatToDo()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Any", Anything));

        FunctionAppException e = await Should.ThrowAsync<FunctionAppException>(() => test.StartAsync(options => options with { StartHandler = HandlerProcess.Start }));

        e.Message.ShouldContain("does not exist: build or publish the app first");
    }

    [Theory]
    [InlineData("SIGTERM", false)]
    [InlineData("SIGKILL", false)]
    [InlineData("stdin", true)]
    public async Task GivenTheHostCommand_WhenItEnds_ThenItsHandlerIsGone(string how, bool isChild)
    {
        await using TestHost test = await CreateAsync();
        ProcessStartInfo info = new(Path.Combine(AppContext.BaseDirectory, "CtSeg.Local.Tests"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (string argument in (string[])["host", "--app", test.Folder])
            info.ArgumentList.Add(argument);
        info.Environment["CTSEG_TEST_HOST_COMMAND"] = "1";
        if (isChild)
            info.Environment["CTSEG_EXIT_WITH_STDIN"] = "1";
        else
            info.Environment.Remove("CTSEG_EXIT_WITH_STDIN");
        using Process process = Process.Start(info)!;
        await using Ended ended = new(process);
        string address = await AddressAsync(process);
        address.ShouldStartWith("http://127.0.0.1:");
        using HttpClient client = new();
        int pid = (int)JObject.Parse(await client.GetStringAsync(new Uri(address + "/api/env"), Cancel))["pid"]!;

        if (isChild)
        {
            // Its parent decides: Ctrl-C for the whole group does not end it.
            await SignalAsync("INT", process.Id);
            (await client.GetStringAsync(new Uri(address + "/api/env"), Cancel)).ShouldContain("pid");
            process.StandardInput.Close();
        }
        else
        {
            await SignalAsync(how[3..], process.Id);
        }

        await process.WaitForExitAsync(Cancel).SoonAsync();
        process.ExitCode.ShouldBe(how == "SIGKILL" ? 137 : 0);
        await Eventually.TrueAsync(() => !Alive(pid), "the handler has ended");
    }

    /// <summary>Leaves no process behind when a test fails.</summary>
    private sealed class Ended(Process process) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    private static async Task<TestHost> CreateAsync()
    {
        TestHost test = await TestHost.CreateAsync(TestHost.HostJson.Replace("\"handler\"", "\"node\",\"arguments\":[\"handler.js\"]", StringComparison.Ordinal), ("Any", Anything));
        await File.WriteAllTextAsync(Path.Combine(test.Folder, "handler.js"), Script, Cancel);
        return test;
    }

    private static async Task<JObject> GetAsync(Host host, string path)
    {
        using HttpClient client = new() { BaseAddress = host.BaseAddress };
        string body = "";
        await Eventually.TrueAsync(
            async () =>
            {
                // Until the host has noticed that the old process is gone it may answer 502.
                using HttpResponseMessage response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
                body = await response.Content.ReadAsStringAsync(Cancel);
                return response.IsSuccessStatusCode;
            },
            "the handler answers");
        return JObject.Parse(body);
    }

    private static async Task ExitAsync(Host host)
    {
        using HttpClient client = new() { BaseAddress = host.BaseAddress };
        ((int)(await client.GetAsync(new Uri("/api/exit", UriKind.Relative), Cancel)).StatusCode).ShouldBe(502);
    }

    private static async Task<string> AddressAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync(Cancel).AsTask().SoonAsync() is { } line)
            if (Regex.Match(line, "^host listening on (?<address>.*)$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)) is { Success: true } match)
                return match.Groups["address"].Value;
        throw new InvalidOperationException("The host command ended before it listened.");
    }

    private static async Task SignalAsync(string signal, int pid)
    {
        using Process kill = Process.Start("kill", ["-" + signal, pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancel);
    }

    private static bool Alive(int pid)
    {
        // A process that ended and was not yet reaped by its parent counts as gone.
        string stat = $"/proc/{pid}/stat";
        try
        {
            return File.Exists(stat) && !File.ReadAllText(stat).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
