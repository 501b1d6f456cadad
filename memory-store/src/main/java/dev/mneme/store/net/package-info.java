/** What everything that asks servers shares: addresses without secrets in them, and proxies. */
@NullMarked
package dev.mneme.store.net;

import org.jspecify.annotations.NullMarked;
