// One name a page: www.example.com answers with the same address at example.com.
function handler(event) {
    var request = event.request;
    var host = request.headers.host ? request.headers.host.value : "";
    if (!host.startsWith("www.")) {
        return request;
    }
    var pairs = [];
    for (var name in request.querystring) {
        var found = request.querystring[name];
        (found.multiValue || [found]).forEach(function (one) {
            pairs.push(one.value === "" ? name : name + "=" + one.value);
        });
    }
    var query = pairs.length ? "?" + pairs.join("&") : "";
    return {
        statusCode: 308,
        statusDescription: "Permanent Redirect",
        headers: { location: { value: "https://" + host.slice(4) + request.uri + query } },
    };
}
