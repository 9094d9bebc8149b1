using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Newtonsoft.Json.Linq;
using Host = CtSeg.Local.FunctionsHost.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

public sealed class HttpFunctionsTests
{
    private const string Proxied = """
        {"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","route":"scans/{scanId?}","methods":["get","post"]},{"type":"http","direction":"out","name":"res"}]}
        """;

    private const string NotProxied = """
        {"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","route":"replay/{scanId}","methods":["post"]},{"type":"http","direction":"out","name":"res"},
                     {"type":"serviceBus","direction":"out","name":"message","queueName":"done","connection":"ServiceBus"}]}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivenAProxiedFunction_WhenCalled_ThenTheHandlerSeesTheRequestItselfWithTheTwoHeaders()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("GetScans", Proxied));
        test.Handler.Answer = _ => Task.FromResult(new ScriptedAnswer(418, "text/plain", Encoding.UTF8.GetBytes("no coffee")));
        Host host = await test.StartAsync();
        using HttpClient client = new() { BaseAddress = host.BaseAddress };

        using HttpRequestMessage sent = new(HttpMethod.Post, "/api/scans/a%20b?take=5") { Content = new StringContent("{\"x\":1}") };
        sent.Headers.Add("X-Mine", "1");
        sent.Headers.Add("X-Azure-Functions-InvocationId", "forged");
        using HttpResponseMessage response = await client.SendAsync(sent, Cancel);
        SeenRequest seen = await test.Handler.NextAsync();

        (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel)).ShouldBe(((HttpStatusCode)418, "no coffee"));
        (seen.Method, seen.Target, seen.Text).ShouldBe(("POST", "/api/scans/a%20b?take=5", "{\"x\":1}"));
        seen.Headers["X-Mine"].ToString().ShouldBe("1");
        Guid.TryParse(seen.Headers["X-Azure-Functions-InvocationId"], out _).ShouldBeTrue();
        seen.Headers["X-Azure-Functions-HostVersion"].ToString().ShouldStartWith("4.");
    }

    [Fact]
    public async Task GivenAProxiedFunction_WhenItAnswersInPieces_ThenTheClientSeesTheFirstBeforeTheLast()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("GetScans", Proxied));
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        test.Handler.Raw = async context =>
        {
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await gate.Task;
            await context.Response.WriteAsync("last");
        };
        Host host = await test.StartAsync();
        using HttpClient client = new() { BaseAddress = host.BaseAddress };

        using HttpResponseMessage response = await client.GetAsync(new Uri("/api/scans", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel).SoonAsync();
        await using Stream body = await response.Content.ReadAsStreamAsync(Cancel);
        byte[] buffer = new byte[5];
        await body.ReadExactlyAsync(buffer, Cancel).AsTask().SoonAsync();
        gate.SetResult();

        Encoding.UTF8.GetString(buffer).ShouldBe("first");
        (await new StreamReader(body).ReadToEndAsync(Cancel)).ShouldBe("last");
    }

    [Theory]
    [InlineData(Proxied, "/api/scans")]
    [InlineData(NotProxied, "/api/replay/1")]
    public async Task GivenAnAnswerThatDoesNotCome_When230SecondsHavePassed_ThenTheClientGets504(string function, string path)
    {
        // functionTimeout is five minutes here: the front end's limit is the shorter one.
        await using TestHost test = await TestHost.CreateAsync(null, ("Slow", function));
        FakeTimeProvider time = new();
        test.Time = time;
        TaskCompletionSource<ScriptedAnswer> never = new(TaskCreationOptions.RunContinuationsAsynchronously);
        test.Handler.Answer = _ => never.Task;
        Host host = await test.StartAsync();
        using HttpClient client = new() { BaseAddress = host.BaseAddress };
        Task<HttpResponseMessage> call = client.PostAsync(new Uri(path, UriKind.Relative), content: null, Cancel);
        await test.Handler.NextAsync();

        time.Advance(TimeSpan.FromSeconds(229));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(2));

        (await call.SoonAsync()).StatusCode.ShouldBe(HttpStatusCode.GatewayTimeout);
        never.SetResult(ScriptedAnswer.Json("{}"));
    }

    [Fact]
    public async Task GivenAMethodThatIsNotListed_WhenCalled_ThenItIsRefused()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("GetScans", Proxied));
        Host host = await test.StartAsync();
        using HttpClient client = new() { BaseAddress = host.BaseAddress };

        (await client.DeleteAsync(new Uri("/api/scans", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await client.GetAsync(new Uri("/api/other", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetStringAsync(new Uri("/admin/host/status", UriKind.Relative), Cancel)).ShouldContain("Running");
    }

    [Fact]
    public async Task GivenAFunctionWithAFurtherOutput_WhenCalled_ThenItIsNotProxiedAndAnswersByOutputs()
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Replay", NotProxied));
        test.Handler.Answer = _ => Task.FromResult(ScriptedAnswer.Json(Fixtures.Text("answers/output-http.json")));
        Host host = await test.StartAsync();
        using HttpClient client = new() { BaseAddress = host.BaseAddress };

        using HttpResponseMessage response = await client.PostAsync(new Uri("/api/replay/0011?force=yes", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"), Cancel);
        SeenRequest seen = await test.Handler.NextAsync();

        seen.Target.ShouldBe("/Replay");
        JObject body = JObject.Parse(seen.Text);
        body["Data"]!["req"]!["Params"]!.ToString(Newtonsoft.Json.Formatting.None).ShouldBe("""{"scanId":"0011"}""");
        ((string?)body["Data"]!["req"]!["Url"]).ShouldBe($"{host.BaseAddress}api/replay/0011?force=yes");
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        response.Headers.GetValues("Location").Single().ShouldBe("/api/scans/0011223344556677");
        (await response.Content.ReadAsStringAsync(Cancel)).ShouldBe("made");
        Encoding.UTF8.GetString((await test.Bus.NextSentAsync()).Message.Body.Span).ShouldBe("{\n  \"id\": \"h1\"\n}");
    }

    [Theory]
    [InlineData("answers/text.txt", "text/plain", 200)]
    [InlineData("answers/done.json", "application/json", 500)]
    public async Task GivenAFailedInvocation_WhenNotProxied_ThenTheClientGets500(string file, string contentType, int status)
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("Replay", NotProxied));
        test.Handler.Answer = _ => Task.FromResult(new ScriptedAnswer(status, contentType, Fixtures.Bytes(file)));
        Host host = await test.StartAsync();
        using HttpClient client = new() { BaseAddress = host.BaseAddress };

        (await client.PostAsync(new Uri("/api/replay/1", UriKind.Relative), content: null, Cancel)).StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
    }

    [Theory]
    [InlineData("secret", null, "secret", HttpStatusCode.OK)]
    [InlineData("secret", "secret", null, HttpStatusCode.OK)]
    [InlineData("secret", null, null, HttpStatusCode.Unauthorized)]
    [InlineData("secret", "secre", null, HttpStatusCode.Unauthorized)]
    [InlineData("secret", null, "SECRET", HttpStatusCode.Unauthorized)]
    [InlineData(null, "", null, HttpStatusCode.Unauthorized)]
    public async Task GivenAKeyedFunction_WhenCalled_ThenOnlyTheRightKeyOpensIt(string? key, string? header, string? query, HttpStatusCode expected)
    {
        await using TestHost test = await TestHost.CreateAsync(null, ("GetScans", Proxied.Replace("anonymous", "function", StringComparison.Ordinal)));
        Host host = await test.StartAsync(options => options with { FunctionKey = key });
        using HttpClient client = new() { BaseAddress = host.BaseAddress };

        using HttpRequestMessage request = new(HttpMethod.Get, "/api/scans" + (query is null ? "" : "?code=" + query));
        if (header is not null)
            request.Headers.Add("x-functions-key", header);

        (await client.SendAsync(request, Cancel)).StatusCode.ShouldBe(expected);
    }
}
