using System.Net;
using System.Text.Json;
using CtSeg.Local.Identity;

namespace CtSeg.Local.Tests.Identity;

public sealed class IdentityEndpointTests : IAsyncLifetime
{
    private readonly TokenIssuer _issuer = new(TimeSpan.FromMinutes(1), TimeProvider.System);
    private readonly HttpClient _http = new();
    private IdentityEndpoint? _endpoint;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _endpoint = await IdentityEndpoint.StartAsync(_issuer, Stop);

    public async ValueTask DisposeAsync()
    {
        await _endpoint!.DisposeAsync();
        _http.Dispose();
        _issuer.Dispose();
    }

    [Theory]
    [InlineData("https://storage.azure.com")]
    [InlineData("https://servicebus.azure.net/")]
    public async Task Given_TheHeader_When_AskedForAService_Then_ATokenForIt(string service)
    {
        var (status, answer) = await AskAsync($"?api-version=2019-08-01&resource={Uri.EscapeDataString(service)}&client_id={_issuer.ClientId}");

        status.ShouldBe(HttpStatusCode.OK);
        answer.GetProperty("token_type").GetString().ShouldBe("Bearer");
        var claims = JsonSerializer.Deserialize<JsonElement>(System.Buffers.Text.Base64Url.DecodeFromChars(answer.GetProperty("access_token").GetString()!.Split('.')[1]));
        claims.GetProperty("aud").GetString().ShouldBe(service.TrimEnd('/'));
        claims.GetProperty("exp").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe(answer.GetProperty("expires_on").GetString());
    }

    [Theory]
    [InlineData("?api-version=2019-08-01&resource=https://storage.azure.com", "wrong", HttpStatusCode.Unauthorized, "unauthorized")]
    [InlineData("?api-version=2019-08-01&resource=https://storage.azure.com", null, HttpStatusCode.Unauthorized, "unauthorized")]
    [InlineData("?api-version=2017-09-01&resource=https://storage.azure.com", "", HttpStatusCode.BadRequest, "invalid_request")]
    [InlineData("?api-version=2019-08-01", "", HttpStatusCode.BadRequest, "invalid_resource")]
    [InlineData("?api-version=2019-08-01&resource=https://management.azure.com", "", HttpStatusCode.BadRequest, "invalid_resource")]
    [InlineData("?api-version=2019-08-01&resource=https://storage.azure.com&client_id=00000000-0000-0000-0000-000000000000", "", HttpStatusCode.BadRequest, "invalid_client")]
    public async Task Given_AWrongRequest_When_Asked_Then_RefusedAndNothingIsIssued(string query, string? header, HttpStatusCode expected, string error)
    {
        var (status, answer) = await AskAsync(query, header is "" ? _endpoint!.Header : header);

        status.ShouldBe(expected);
        answer.GetProperty("error").GetString().ShouldBe(error);
        _issuer.Issued.ShouldBe(0);
    }

    private Task<(HttpStatusCode, JsonElement)> AskAsync(string query) => AskAsync(query, _endpoint!.Header);

    private async Task<(HttpStatusCode, JsonElement)> AskAsync(string query, string? header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoint!.Address + query));
        if (header is not null)
            request.Headers.Add(IdentityEndpoint.HeaderName, header);
        using var answer = await _http.SendAsync(request, Stop);
        return (answer.StatusCode, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Stop)));
    }
}
